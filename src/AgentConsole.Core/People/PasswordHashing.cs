using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.People;

/// <summary>
/// Hashes and compares passwords (PBKDF2 with HMAC-SHA-512, Identity's format). It costs the same whether there is such an account or not, and no
/// more of them run at once than there are processors: a flood of sign-ins must not starve the fleet's calls.
/// </summary>
public sealed class PasswordHashing : IDisposable
{
    // OWASP's advice of 2023 for PBKDF2-HMAC-SHA512.
    private const int Rounds = 210_000;

    /// <summary>Longer input is not hashed: it cannot be anybody's password.</summary>
    private const int MostCharacters = 512;

    private readonly PasswordHasher<User> _hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Rounds }));
    private readonly SemaphoreSlim _running = new(Math.Max(1, Environment.ProcessorCount - 1));
    private readonly string _nobodys;
    private long _comparisons;

    public PasswordHashing() => _nobodys = _hasher.HashPassword(null!, Guid.NewGuid().ToString());

    /// <summary>Comparisons so far, those for nobody's account included.</summary>
    public long Comparisons => Interlocked.Read(ref _comparisons);

    public async Task<string> HashAsync(string password, CancellationToken cancellationToken)
    {
        await _running.WaitAsync(cancellationToken);
        try
        {
            return await Task.Run(() => _hasher.HashPassword(null!, password), cancellationToken);
        }
        finally
        {
            _running.Release();
        }
    }

    /// <param name="hash">As stored; null for nobody's, which is compared as well and never right.</param>
    public async Task<PasswordMatch> CompareAsync(string? hash, string password, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _comparisons);
        var tooLong = password.Length > MostCharacters;
        await _running.WaitAsync(cancellationToken);
        try
        {
            var result = await Task.Run(
                () => _hasher.VerifyHashedPassword(null!, hash ?? _nobodys, tooLong ? "" : password),
                cancellationToken
            );
            return hash is null || tooLong || result == PasswordVerificationResult.Failed ? PasswordMatch.Wrong
                : result == PasswordVerificationResult.SuccessRehashNeeded ? PasswordMatch.RightButOld
                : PasswordMatch.Right;
        }
        finally
        {
            _running.Release();
        }
    }

    public void Dispose() => _running.Dispose();
}

public enum PasswordMatch
{
    Wrong,
    Right,

    /// <summary>Right, and hashed with fewer rounds than are used today.</summary>
    RightButOld,
}
