using System.Text.Json;
using System.Text.RegularExpressions;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Agents;

/// <summary>What people may say of an agent, checked and in the form that is stored. A member that was not given is null.</summary>
internal sealed record AgentDraft
{
    public const int MostTags = 20;
    public const int MostRedactions = 20;
    public const int MetadataBytes = 16 * 1024;

    public string? DisplayName { get; init; }
    public string? Description { get; init; }
    public string? Environment { get; init; }
    public string? Version { get; init; }
    public List<string>? Tags { get; init; }
    public string? Metadata { get; init; }
    public Dictionary<string, List<string>>? Scopes { get; init; }
    public CaptureMode? CaptureMode { get; init; }
    public List<string>? Redactions { get; init; }
    public int? LeaseSeconds { get; init; }
    public int? GraceSeconds { get; init; }

    public static AgentDraft Read(RegisterAgent body, FieldErrors errors) =>
        new()
        {
            DisplayName = Texts.Line(body.DisplayName, "display_name", 200, errors),
            Description = Texts.Block(body.Description, "description", 2000, errors),
            Environment = Texts.Line(body.Environment, "environment", 60, errors),
            Version = Texts.Line(body.Version, "version", 100, errors),
            Tags = ReadTags(body.Tags, errors),
            Metadata = ReadMetadata(body.Metadata, errors),
            Scopes = ReadScopes(body.Scopes, errors),
            CaptureMode = KebabCase.Read<CaptureMode>(body.CaptureMode, "capture_mode", errors),
            Redactions = ReadRedactions(body.Redactions, errors),
            LeaseSeconds = Bounded(body.LeaseSeconds, "lease_seconds", 5, 86_400 * 7, errors),
            GraceSeconds = Bounded(body.GraceSeconds, "grace_seconds", 0, 86_400 * 7, errors),
        };

    public static AgentDraft Read(ChangeAgent body, FieldErrors errors) =>
        Read(
            new RegisterAgent
            {
                DisplayName = body.DisplayName,
                Description = body.Description,
                Environment = body.Environment,
                Version = body.Version,
                Tags = body.Tags,
                Metadata = body.Metadata,
                Scopes = body.Scopes,
                CaptureMode = body.CaptureMode,
                Redactions = body.Redactions,
                LeaseSeconds = body.LeaseSeconds,
                GraceSeconds = body.GraceSeconds,
            },
            errors
        );

    /// <summary>A user of the organization by e-mail address or id.</summary>
    public static Guid? ReadOwner(AccessSnapshot access, Guid organizationId, string? owner, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(owner))
            return null;
        if (FindUser(access, organizationId, owner) is { Enabled: true, BreakGlass: false } user)
            return user.Id;
        errors.Add("owner", "Is no enabled user of this organization; give an e-mail address or a user id.");
        return null;
    }

    /// <summary>A user of the organization by e-mail address or id, disabled or not.</summary>
    public static Principal? FindUser(AccessSnapshot access, Guid organizationId, string emailOrId)
    {
        var user = IdText.TryParse(IdText.User, emailOrId, out var id)
            ? access.Principals.GetValueOrDefault(id)
            : access.Principals.Values.FirstOrDefault(p =>
                p.OrganizationId == organizationId
                && p.Kind == ActorKind.User
                && string.Equals(p.Label, emailOrId, StringComparison.OrdinalIgnoreCase)
            );
        return user is { Kind: ActorKind.User } && user.OrganizationId == organizationId ? user : null;
    }

    /// <summary>Lays the given members over the agent; says which of them changed.</summary>
    public Dictionary<string, (object? Before, object? After)> ApplyTo(Agent agent, IReadOnlySet<string>? cleared = null)
    {
        var changes = new Dictionary<string, (object?, object?)>(StringComparer.Ordinal);
        void Set<T>(string name, T? given, T now, Action<T?> assign, Func<T, T, bool>? same = null)
            where T : class
        {
            var clears = given is null && cleared?.Contains(name) == true;
            if (
                given is null && !clears
                || given is not null && now is not null && (same?.Invoke(given, now) ?? given.Equals(now))
                || clears && now is null
            )
                return;
            changes[name] = (now, given);
            assign(given);
        }
        Set("display_name", DisplayName, agent.DisplayName, v => agent.DisplayName = v ?? agent.Slug);
        Set("description", Description, agent.Description!, v => agent.Description = v);
        Set("environment", Environment, agent.Environment!, v => agent.Environment = v);
        Set("version", Version, agent.Version!, v => agent.Version = v);
        Set("tags", Tags, agent.Tags, v => agent.Tags = v ?? [], (a, b) => a.SequenceEqual(b));
        Set("metadata", Metadata, agent.Metadata!, v => agent.Metadata = v);
        Set("scopes", Scopes, agent.Scopes, v => agent.Scopes = v ?? [], SameScopes);
        Set("redactions", Redactions, agent.Redactions, v => agent.Redactions = v ?? [], (a, b) => a.SequenceEqual(b));
        if (CaptureMode is { } mode && mode != agent.CaptureMode)
        {
            changes["capture_mode"] = (KebabCase.Of(agent.CaptureMode), KebabCase.Of(mode));
            agent.CaptureMode = mode;
        }
        if (LeaseSeconds is { } lease && lease != agent.LeaseSeconds)
        {
            changes["lease_seconds"] = (agent.LeaseSeconds, lease);
            agent.LeaseSeconds = lease;
        }
        if (GraceSeconds is { } grace && grace != agent.GraceSeconds)
        {
            changes["grace_seconds"] = (agent.GraceSeconds, grace);
            agent.GraceSeconds = grace;
        }
        return changes;
    }

    private static bool SameScopes(Dictionary<string, List<string>> a, Dictionary<string, List<string>> b) =>
        a.Count == b.Count && a.All(e => b.TryGetValue(e.Key, out var list) && list.SequenceEqual(e.Value));

    /// <summary>Tags in the form that is stored: each once, in order.</summary>
    public static List<string>? ReadTags(IReadOnlyList<string>? tags, FieldErrors errors, string field = "tags")
    {
        if (tags is null)
            return null;
        if (tags.Count > MostTags)
            errors.Add(field, $"At most {MostTags} tags.");
        var read = new List<string>();
        for (var i = 0; i < tags.Count && i < MostTags; i++)
        {
            if (Texts.Line(tags[i], $"{field}[{i}]", 60, errors, required: true) is { } tag && !read.Contains(tag))
                read.Add(tag);
        }
        read.Sort(StringComparer.Ordinal);
        return read;
    }

    private static string? ReadMetadata(JsonElement? metadata, FieldErrors errors)
    {
        if (metadata is not { } element || element.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return null;
        return JsonObjects.Read(element, "metadata", MetadataBytes, errors);
    }

    private static Dictionary<string, List<string>>? ReadScopes(
        IReadOnlyDictionary<string, IReadOnlyList<string>>? scopes,
        FieldErrors errors
    )
    {
        if (scopes is null)
            return null;
        if (scopes.Count > 20)
            errors.Add("scopes", "At most 20 providers.");
        var read = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var (provider, list) in scopes.Take(20).OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            if (Texts.Line(provider, "scopes", 60, errors, required: true) is not { } name)
                continue;
            var names = new List<string>();
            if (list is null || list.Count > 50)
                errors.Add($"scopes.{name}", "Must be a list of at most 50 scopes.");
            foreach (var scope in list?.Take(50) ?? [])
            {
                if (Texts.Line(scope, $"scopes.{name}", 120, errors, required: true) is { } value && !names.Contains(value))
                    names.Add(value);
            }
            read[name] = names;
        }
        return read;
    }

    private static List<string>? ReadRedactions(IReadOnlyList<string>? patterns, FieldErrors errors)
    {
        if (patterns is null)
            return null;
        if (patterns.Count > MostRedactions)
            errors.Add("redactions", $"At most {MostRedactions} expressions.");
        var read = new List<string>();
        for (var i = 0; i < patterns.Count && i < MostRedactions; i++)
        {
            if (Texts.Line(patterns[i], $"redactions[{i}]", 500, errors, required: true) is not { } pattern)
                continue;
            if (Redaction.Fault(pattern) is { } fault)
                errors.Add($"redactions[{i}]", fault);
            else
                read.Add(pattern);
        }
        return read;
    }

    private static int? Bounded(int? value, string field, int least, int most, FieldErrors errors)
    {
        if (value is { } number && (number < least || number > most))
        {
            errors.Add(field, $"Must be from {least} to {most} seconds.");
            return null;
        }
        return value;
    }
}

/// <summary>Expressions whose matches are replaced before anything of a run is written. Matching takes linear time, whatever the expression.</summary>
public static class Redaction
{
    public const string Mask = "[redacted]";
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, Regex> Compiled = new();

    /// <summary>What is wrong with the expression, or null.</summary>
    public static string? Fault(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)).IsMatch("")
                ? "Matches the empty text, and would so replace everything."
                : null;
        }
        catch (NotSupportedException)
        {
            return "Uses look-around, back-references or another construct that cannot be matched in linear time.";
        }
        catch (ArgumentException)
        {
            return "Is not a valid .NET regular expression.";
        }
    }

    public static string Apply(string text, IReadOnlyList<string> patterns)
    {
        foreach (var pattern in patterns)
        {
            var regex = Compiled.GetOrAdd(
                pattern,
                static p => new Regex(p, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1))
            );
            text = regex.Replace(text, Mask);
        }
        if (Compiled.Count > 5000)
            Compiled.Clear();
        return text;
    }
}
