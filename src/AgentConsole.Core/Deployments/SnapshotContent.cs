using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Definitions;

namespace AgentConsole.Core.Deployments;

/// <summary>What a snapshot's digest covers. Two that say the same have the same text, in whatever order it was given.</summary>
/// <param name="Text">Canonical JSON (RFC 8785).</param>
public sealed record SnapshotContent(string Text)
{
    /// <summary>Bytes of <c>parameters</c> and of <c>metadata</c>, each.</summary>
    public const int MostObject = 16 * 1024;
    public const int MostNames = 100;
    public const int MostName = 200;

    internal const string Definition = "definition";

    public string Digest { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));

    /// <summary>The <c>traffic_percent</c> of a content.</summary>
    public static double? ShareOf(string text)
    {
        using var content = JsonDocument.Parse(text);
        return content.RootElement.TryGetProperty("traffic_percent", out var share) ? share.GetDouble() : null;
    }

    /// <param name="definition">What goes along; it says what the caller leaves out.</param>
    public static SnapshotContent? Read(SetSnapshot body, FieldErrors errors, DefinitionVersion? definition = null)
    {
        var content = new JsonObject();
        if (definition is not null)
        {
            content[Definition] = new JsonObject { ["number"] = definition.Number, ["digest"] = definition.Digest };
            body = DeployedDefinition.Fill(body, definition);
        }
        void Put(string name, string? text)
        {
            if (text is not null)
                content[name] = text;
        }
        Put("model", Texts.Line(body.Model, "model", MostName, errors));
        Put("prompt_hash", Texts.Line(body.PromptHash, "prompt_hash", MostName, errors));
        Put("commit", Texts.Line(body.Commit, "commit", MostName, errors));
        PutNames(content, "tools", body.Tools, errors);
        PutNames(content, "gateways", body.Gateways, errors);
        PutNames(content, "secrets", body.Secrets, errors);
        PutObject(content, "parameters", body.Parameters, errors);
        PutObject(content, "metadata", body.Metadata, errors);
        if (body.TrafficPercent is { } percent)
        {
            if (percent < 0 || percent > 100 || percent != decimal.Round(percent, 2))
                errors.Add("traffic_percent", "Must be from 0 to 100, with two decimals at most.");
            else
                content["traffic_percent"] = (double)percent;
        }
        if (SecretText.IsIn(content.ToJsonString()))
            errors.Add(
                "secrets",
                "A secret of this console stands in it. Snapshots are kept for good: name where the secret lies, and rotate this one."
            );
        return errors.Any ? null : new SnapshotContent(Encoding.UTF8.GetString(CanonicalJson.Write(content)));
    }

    /// <summary>The same with another share of the traffic, or with none said.</summary>
    public SnapshotContent WithTraffic(decimal? percent)
    {
        var content = JsonNode.Parse(Text)!.AsObject();
        content.Remove("traffic_percent");
        if (percent is { } share)
            content["traffic_percent"] = (double)share;
        return new SnapshotContent(Encoding.UTF8.GetString(CanonicalJson.Write(content)));
    }

    /// <summary>The names of one of the lists of a content: <c>tools</c>, <c>gateways</c> or <c>secrets</c>.</summary>
    public static IReadOnlyList<string> NamesIn(string content, string list)
    {
        using var document = JsonDocument.Parse(content);
        return document.RootElement.TryGetProperty(list, out var names)
            ? [.. names.EnumerateArray().Select(name => name.GetString()!)]
            : [];
    }

    private static void PutNames(JsonObject content, string field, IReadOnlyList<string>? names, FieldErrors errors)
    {
        if (names is null or { Count: 0 })
            return;
        if (names.Count > MostNames)
        {
            errors.Add(field, string.Create(CultureInfo.InvariantCulture, $"At most {MostNames} names."));
            return;
        }
        var clean = new SortedSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < names.Count; i++)
        {
            if (
                Texts.Line(names[i], string.Create(CultureInfo.InvariantCulture, $"{field}[{i}]"), MostName, errors, required: true) is
                { } name
            )
                clean.Add(name);
        }
        content[field] = new JsonArray([.. clean.Select(name => (JsonNode)name)]);
    }

    private static void PutObject(JsonObject content, string field, JsonElement? given, FieldErrors errors)
    {
        if (given is not { } element || element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            return;
        if (JsonObjects.Read(element, field, MostObject, errors) is { } text && text != "{}")
            content[field] = JsonNode.Parse(text);
    }

    /// <summary>Number and digest of the definition that a content names; null where it names none.</summary>
    internal static (int Number, string Digest)? DefinitionIn(string content)
    {
        using var document = JsonDocument.Parse(content);
        return document.RootElement.TryGetProperty(Definition, out var named)
            ? (named.GetProperty("number").GetInt32(), named.GetProperty("digest").GetString()!)
            : null;
    }

    /// <summary>
    /// What differs, by the path of the member. Objects are compared member by member; the lists of names, whose order says nothing, name by name; any other
    /// value as a whole.
    /// </summary>
    internal static JsonChanges Differences(string before, string after) =>
        JsonChanges.Compare(before, after, path => path is "tools" or "gateways" or "secrets" ? ListOrder.Names : ListOrder.Counts);
}
