using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Web.Agents;

/// <summary>What stands in the fields of an agent's form, as text. What the fields mean is the service's business; here is only what text cannot say.</summary>
public sealed class AgentForm
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public string Slug { get; set; } = "";
    public string DisplayName { get; set; } = "";
    public string Description { get; set; } = "";
    public string Team { get; set; } = "";

    /// <summary>E-mail address; empty for no owner.</summary>
    public string Owner { get; set; } = "";
    public string Environment { get; set; } = "";
    public string Version { get; set; } = "";

    /// <summary>Separated by commas.</summary>
    public string Tags { get; set; } = "";
    public string Metadata { get; set; } = "";

    /// <summary>A line per provider: <c>provider: scope scope</c>.</summary>
    public string Scopes { get; set; } = "";
    public string CaptureMode { get; set; } = "metadata";

    /// <summary>One regular expression a line.</summary>
    public string Redactions { get; set; } = "";
    public string LeaseSeconds { get; set; } = "";
    public string GraceSeconds { get; set; } = "";
    public bool Key { get; set; } = true;

    public static AgentForm Of(AgentBody agent) =>
        new()
        {
            Slug = agent.Slug,
            DisplayName = agent.DisplayName,
            Description = agent.Description ?? "",
            Team = agent.Team.Slug,
            Owner = agent.Owner?.Email ?? "",
            Environment = agent.Environment ?? "",
            Version = agent.Version ?? "",
            Tags = string.Join(", ", agent.Tags),
            Metadata = agent.Metadata is { } json ? JsonSerializer.Serialize(json, Indented) : "",
            Scopes = agent.Scopes is null ? "" : string.Join('\n', agent.Scopes.Select(s => $"{s.Key}: {string.Join(' ', s.Value)}")),
            CaptureMode = agent.CaptureMode,
            Redactions = agent.Redactions is null ? "" : string.Join('\n', agent.Redactions),
            LeaseSeconds = agent.LeaseSeconds.ToString(CultureInfo.InvariantCulture),
            GraceSeconds = agent.GraceSeconds.ToString(CultureInfo.InvariantCulture),
            Key = false,
        };

    public Outcome<RegisterAgent> ToRegister()
    {
        var errors = new FieldErrors();
        var body = new RegisterAgent
        {
            Slug = Slug.Trim(),
            DisplayName = Given(DisplayName),
            Description = Given(Description),
            Team = Given(Team),
            Owner = Owner.Trim(),
            Environment = Given(Environment),
            Version = Given(Version),
            Tags = ReadTags(),
            Metadata = ReadMetadata(errors),
            Scopes = ReadScopes(errors),
            CaptureMode = CaptureMode,
            Redactions = Lines(Redactions),
            LeaseSeconds = Seconds(LeaseSeconds, "lease_seconds", errors),
            GraceSeconds = Seconds(GraceSeconds, "grace_seconds", errors),
            Key = Key,
        };
        return errors.ToProblem() is { } problem ? problem : body;
    }

    /// <summary>Every member, so that what was cleared is cleared; the service keeps what is equal.</summary>
    public Outcome<ChangeAgent> ToChange()
    {
        var errors = new FieldErrors();
        var body = new ChangeAgent
        {
            DisplayName = DisplayName,
            Description = Description,
            Team = Given(Team),
            Owner = Owner.Trim(),
            Environment = Environment,
            Version = Version,
            Tags = ReadTags(),
            Metadata = ReadMetadata(errors) ?? JsonElement.Parse("{}"),
            Scopes = ReadScopes(errors),
            CaptureMode = CaptureMode,
            Redactions = Lines(Redactions),
            LeaseSeconds = Seconds(LeaseSeconds, "lease_seconds", errors),
            GraceSeconds = Seconds(GraceSeconds, "grace_seconds", errors),
        };
        return errors.ToProblem() is { } problem ? problem : body;
    }

    private static string? Given(string text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private string[] ReadTags() => Tags.Split([',', ' ', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private JsonElement? ReadMetadata(FieldErrors errors)
    {
        if (string.IsNullOrWhiteSpace(Metadata))
            return null;
        try
        {
            return JsonElement.Parse(Metadata);
        }
        catch (JsonException e)
        {
            errors.Add("metadata", $"Is not JSON: line {e.LineNumber + 1}, position {e.BytePositionInLine + 1}.");
            return null;
        }
    }

    private Dictionary<string, IReadOnlyList<string>> ReadScopes(FieldErrors errors)
    {
        var scopes = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var line in Lines(Scopes))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1)
                errors.Add("scopes", $"“{Texts.Clip(line, 40)}” has no provider; write provider: scope scope.");
            else
                scopes[line[..colon].Trim()] = line[(colon + 1)..].Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        }
        return scopes;
    }

    private static int? Seconds(string text, string field, FieldErrors errors)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            return seconds;
        errors.Add(field, "Must be a whole number of seconds.");
        return null;
    }
}
