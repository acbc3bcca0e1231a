using System.Security.Cryptography;
using System.Text;
using AgentConsole.Core.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>What is stored of a second factor: the app's secret encrypted under the master key, and keyed hashes of ten recovery codes.</summary>
public sealed class SecondFactor(MasterKey master)
{
    public const int RecoveryCodes = 10;

    private const string Provider = "agentconsole";
    private const string SecretName = "totp";
    private const string CodesName = "recovery-codes";
    private const string Letters = "abcdefghjkmnpqrstuvwxyz23456789"; // without those that look alike

    /// <summary>Takes up the secret and makes recovery codes within the write. Answers with the codes, which are shown once.</summary>
    internal async Task<IReadOnlyList<string>> EnableAsync(
        Write write,
        User user,
        byte[] secret,
        long usedStep,
        CancellationToken cancellationToken
    )
    {
        await SetAsync(write.Db, user.Id, SecretName, Convert.ToBase64String(MasterKey.Seal(KeyOf(user.Id), secret)), cancellationToken);
        user.TwoFactorEnabled = true;
        user.LastTotpStep = usedStep;
        return await RenewCodesAsync(write, user, cancellationToken);
    }

    internal async Task<IReadOnlyList<string>> RenewCodesAsync(Write write, User user, CancellationToken cancellationToken)
    {
        var codes = new List<string>();
        for (var i = 0; i < RecoveryCodes; i++)
            codes.Add(RandomNumberGenerator.GetString(Letters, 5) + "-" + RandomNumberGenerator.GetString(Letters, 5));
        await SetAsync(write.Db, user.Id, CodesName, string.Join(' ', codes.Select(c => HashOf(user.Id, c))), cancellationToken);
        return codes;
    }

    internal static async Task DisableAsync(Write write, User user, CancellationToken cancellationToken)
    {
        user.TwoFactorEnabled = false;
        await write.Db.UserTokens.Where(t => t.UserId == user.Id && t.LoginProvider == Provider).ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>Accepts a code of the app once: the same one a second time, or an older one, is wrong.</summary>
    internal async Task<bool> AcceptTotpAsync(Write write, User user, string? code, CancellationToken cancellationToken)
    {
        if (await FindAsync(write.Db, user.Id, SecretName, cancellationToken) is not { Value: { } stored })
            return false;
        var secret = MasterKey.Open(KeyOf(user.Id), Convert.FromBase64String(stored));
        if (Totp.Match(secret, Digits(code), write.Now, user.LastTotpStep) is not { } step)
            return false;
        user.LastTotpStep = step;
        return true;
    }

    /// <summary>Uses a recovery code up. Answers how many are left, or null when it is none of them.</summary>
    internal async Task<int?> AcceptRecoveryCodeAsync(Write write, User user, string? code, CancellationToken cancellationToken)
    {
        if (
            code is not { Length: >= 10 and <= 40 }
            || await FindAsync(write.Db, user.Id, CodesName, cancellationToken) is not { Value: { } stored } row
        )
            return null;
        var hash = HashOf(user.Id, code);
        var left = stored.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToList();
        var found = left.FindIndex(h => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(h), Encoding.ASCII.GetBytes(hash)));
        if (found < 0)
            return null;
        left.RemoveAt(found);
        row.Value = string.Join(' ', left);
        return left.Count;
    }

    internal static async Task<int> CodesLeftAsync(ConsoleDbContext db, Guid userId, CancellationToken cancellationToken) =>
        await FindAsync(db, userId, CodesName, cancellationToken) is { Value: { } stored }
            ? stored.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length
            : 0;

    private static string? Digits(string? code) =>
        code is { Length: <= 20 } ? new string([.. code.Where(c => c != ' ' && c != '-')]) : null;

    private byte[] KeyOf(Guid userId) => master.Derive("totp", userId.ToByteArray(bigEndian: true));

    private string HashOf(Guid userId, string code)
    {
        var plain = new string([.. code.Where(char.IsAsciiLetterOrDigit)]).ToLowerInvariant();
        return Convert.ToHexStringLower(master.Hash($"recovery:{userId:n}:{plain}"));
    }

    private static Task<IdentityUserToken<Guid>?> FindAsync(
        ConsoleDbContext db,
        Guid userId,
        string name,
        CancellationToken cancellationToken
    ) =>
        db
            .UserTokens.AsTracking()
            .SingleOrDefaultAsync(t => t.UserId == userId && t.LoginProvider == Provider && t.Name == name, cancellationToken);

    private static async Task SetAsync(ConsoleDbContext db, Guid userId, string name, string value, CancellationToken cancellationToken)
    {
        if (await FindAsync(db, userId, name, cancellationToken) is { } row)
            row.Value = value;
        else
            db.Add(
                new IdentityUserToken<Guid>
                {
                    UserId = userId,
                    LoginProvider = Provider,
                    Name = name,
                    Value = value,
                }
            );
    }
}
