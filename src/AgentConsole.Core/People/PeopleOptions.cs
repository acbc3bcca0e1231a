using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.People;

/// <summary>Section <c>AgentConsole:SignIn</c>.</summary>
public sealed class SignInOptions
{
    public const string Section = "AgentConsole:SignIn";

    /// <summary>Wrong passwords or codes in a row, after which sign-in to the account is locked for a while.</summary>
    public int MaxFailures { get; set; } = 10;
    public int LockoutMinutes { get; set; } = 15;

    /// <summary>A session ends when it was not used for so long.</summary>
    public int SessionHours { get; set; } = 12;

    /// <summary>A session ends then, however much it is used.</summary>
    public int SessionMaxDays { get; set; } = 7;

    /// <summary>For dangerous acts a person must have proven within so long who they are.</summary>
    public int StepUpMinutes { get; set; } = 10;

    /// <summary>How long a session lasts that was opened with a sealed code.</summary>
    public int BreakGlassMinutes { get; set; } = 60;
}

internal sealed class SignInOptionsCheck : IValidateOptions<SignInOptions>
{
    public ValidateOptionsResult Validate(string? name, SignInOptions options)
    {
        var faults = new List<string>();
        void Range(string key, int value, int least, int most)
        {
            if (value < least || value > most)
                faults.Add($"{SignInOptions.Section}:{key}: must lie between {least} and {most}; it is {value}.");
        }
        Range(nameof(options.MaxFailures), options.MaxFailures, 3, 100);
        Range(nameof(options.LockoutMinutes), options.LockoutMinutes, 1, 1440);
        Range(nameof(options.SessionHours), options.SessionHours, 1, 168);
        Range(nameof(options.SessionMaxDays), options.SessionMaxDays, 1, 90);
        Range(nameof(options.StepUpMinutes), options.StepUpMinutes, 1, 1440);
        Range(nameof(options.BreakGlassMinutes), options.BreakGlassMinutes, 5, 480);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}

/// <summary>Section <c>AgentConsole:Passkeys</c>.</summary>
public sealed class PasskeyOptions
{
    public const string Section = "AgentConsole:Passkeys";

    /// <summary>The domain that passkeys are bound to; null for the host that the browser asked for. Changing it makes every passkey useless.</summary>
    public string? ServerDomain { get; set; }

    /// <summary>Addresses (<c>https://console.example</c>) at which people use their passkeys; null for the host that the browser asked for.</summary>
    public string[]? Origins { get; set; }

    internal bool Accepts(string? origin, BrowserPlace place) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var address)
        && (
            Origins is { Length: > 0 } allowed
                ? allowed.Any(o => Uri.TryCreate(o, UriKind.Absolute, out var known) && known == address)
                : (address.Scheme == Uri.UriSchemeHttps || address.IsLoopback)
                    && Uri.TryCreate($"{address.Scheme}://{place.Host}", UriKind.Absolute, out var here)
                    && here == address
        );
}

internal sealed class PasskeyOptionsCheck : IValidateOptions<PasskeyOptions>
{
    public ValidateOptionsResult Validate(string? name, PasskeyOptions options)
    {
        var faults = new List<string>();
        var domain = options.ServerDomain;
        if (domain is not null && Uri.CheckHostName(domain) != UriHostNameType.Dns)
            faults.Add(
                $"{PasskeyOptions.Section}:ServerDomain: must be a domain without scheme and port, such as console.example; it is '{domain}'."
            );
        foreach (var origin in options.Origins ?? [])
        {
            if (
                !Uri.TryCreate(origin, UriKind.Absolute, out var address)
                || !(address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
                || address.PathAndQuery != "/"
            )
                faults.Add($"{PasskeyOptions.Section}:Origins: must be addresses such as https://console.example; one is '{origin}'.");
            else if (
                domain is not null
                && address.Host != domain
                && !address.Host.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase)
            )
                faults.Add(
                    $"{PasskeyOptions.Section}:Origins: '{origin}' does not lie in the domain '{domain}', so that no browser would use a passkey there."
                );
        }
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}

/// <summary>Section <c>AgentConsole:Bootstrap</c>: a first start without anybody at a browser. Ignored once an administrator exists.</summary>
public sealed class BootstrapOptions
{
    public const string Section = "AgentConsole:Bootstrap";

    public string? AdminEmail { get; set; }
    public string? AdminPassword { get; set; }

    /// <summary>An API token with every scope, taken as given. Owned by the administrator, or by the service account <c>bootstrap</c> when none is named.</summary>
    public string? ApiToken { get; set; }
}

internal sealed partial class BootstrapOptionsCheck : IValidateOptions<BootstrapOptions>
{
    public ValidateOptionsResult Validate(string? name, BootstrapOptions options)
    {
        var faults = new List<string>();
        void Fault(string key, string sentence) => faults.Add($"{BootstrapOptions.Section}:{key}: {sentence}");
        if (!string.IsNullOrEmpty(options.AdminEmail) && Emails.Fault(options.AdminEmail) is { } email)
            Fault(nameof(options.AdminEmail), email);
        if (!string.IsNullOrEmpty(options.AdminPassword) && PasswordRules.Fault(options.AdminPassword, options.AdminEmail) is { } password)
            Fault(nameof(options.AdminPassword), password);
        if (string.IsNullOrEmpty(options.AdminEmail) != string.IsNullOrEmpty(options.AdminPassword))
            Fault(
                string.IsNullOrEmpty(options.AdminEmail) ? nameof(options.AdminEmail) : nameof(options.AdminPassword),
                "is missing; AdminEmail and AdminPassword are given together."
            );
        if (!string.IsNullOrEmpty(options.ApiToken) && !TokenPattern.IsMatch(options.ApiToken))
            Fault(nameof(options.ApiToken), "must have 32 to 200 characters of A-Z, a-z, 0-9, _ and -.");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{32,200}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex TokenPattern { get; }
}
