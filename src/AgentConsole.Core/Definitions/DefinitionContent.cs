using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Definitions;

/// <summary>A definition that was found valid. Two that say the same have the same text, however they were spelled.</summary>
/// <param name="Text">Canonical JSON (RFC 8785); the lists of tools, gateways and secrets, whose order says nothing, by name.</param>
public sealed record DefinitionContent(string Text)
{
    /// <summary>Bytes of the canonical JSON.</summary>
    public const int MostBytes = 256 * 1024;

    /// <summary>Bytes of the text as it is given: comments and white space come on top.</summary>
    public const int MostSource = 512 * 1024;

    /// <summary>What is nested deeper could not be answered within the API's own bodies.</summary>
    public const int MostDepth = 24;

    /// <summary>The member of a request, and the field of what is wrong with the text as a whole.</summary>
    public const string Field = "definition";

    /// <summary>What stands first in a text for people.</summary>
    public static readonly string[] Order =
    [
        "name",
        "description",
        "model",
        "instructions",
        "prompt_hash",
        "tools",
        "gateways",
        "secrets",
        "limits",
        "metadata",
    ];

    public string Digest { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));

    public int Bytes => Encoding.UTF8.GetByteCount(Text);

    /// <summary>Reads and checks a text; null with the reasons, by path and with the line, in <paramref name="errors"/>.</summary>
    /// <param name="prefix">Of every path, where the definition is a member of something.</param>
    /// <param name="withLines">Whether the lines of the text mean something to whoever sent it.</param>
    public static DefinitionContent? Read(
        string source,
        DefinitionFormat format,
        FieldErrors errors,
        string prefix = "",
        bool withLines = true
    )
    {
        if (Encoding.UTF8.GetByteCount(source) is var size && size > MostSource)
        {
            errors.Add(Field, string.Create(CultureInfo.InvariantCulture, $"At most {MostSource} bytes of text; this has {size}."));
            return null;
        }
        if (Parse(source, format, errors) is not (var element, var lines))
            return null;
        if (Depth(element) > MostDepth)
        {
            errors.Add(Field, string.Create(CultureInfo.InvariantCulture, $"Nesting is limited to {MostDepth} levels."));
            return null;
        }
        if (JsonObjects.Read(element, Field, MostBytes, errors) is not { } canonical)
            return null;
        using var document = JsonDocument.Parse(canonical);
        var check = new DefinitionRules(errors, prefix, withLines ? lines : null);
        check.Check(document.RootElement);
        // Comments are kept as well.
        if (SecretText.IsIn(canonical) || SecretText.IsIn(source))
            errors.Add(
                Field,
                "A secret of this console stands in it. Definitions are kept for good: name where the secret lies, and rotate this one."
            );
        return errors.Any ? null : new DefinitionContent(Sorted(document.RootElement));
    }

    /// <summary>How one differs from another: objects member by member, tools, gateways and secrets by name, anything else as a whole.</summary>
    /// <param name="before">Canonical, as the other.</param>
    public static JsonChanges Compare(string before, string after, string prefix = "") =>
        JsonChanges.Compare(
            before,
            after,
            path =>
                path switch
                {
                    "tools" => ListOrder.ByName,
                    "gateways" or "secrets" => ListOrder.Names,
                    _ => ListOrder.Counts,
                },
            prefix
        );

    /// <summary>As it was given where that was YAML and YAML is wanted: there may be comments in it. Else written anew.</summary>
    public static string TextOf(DefinitionBody definition, DefinitionFormat format) =>
        format == DefinitionFormat.Yaml && definition.Format == KebabCase.Of(format)
            ? definition.Text
            : Write(definition.Definition, format);

    /// <param name="content">Canonical.</param>
    internal static string Write(JsonElement content, DefinitionFormat format)
    {
        if (format == DefinitionFormat.Yaml)
            return YamlText.Block(content, Order);
        var ordered = new JsonObject();
        foreach (var name in Order.Union(content.EnumerateObject().Select(m => m.Name), StringComparer.Ordinal))
        {
            if (content.TryGetProperty(name, out var member))
                ordered[name] = JsonNode.Parse(member.GetRawText());
        }
        return ordered.ToJsonString(Indented) + "\n";
    }

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static (JsonElement Element, MemberLines Lines)? Parse(string source, DefinitionFormat format, FieldErrors errors)
    {
        try
        {
            if (format == DefinitionFormat.Yaml)
            {
                var (root, lines) = YamlText.ReadOne(source);
                return (JsonSerializer.SerializeToElement(root), lines);
            }
            var options = new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false };
            using var document = JsonDocument.Parse(source, options);
            return (document.RootElement.Clone(), MemberLines.OfJson(Encoding.UTF8.GetBytes(source), 64));
        }
        catch (YamlFault e)
        {
            errors.Add(Field, string.Create(CultureInfo.InvariantCulture, $"Line {e.Line}: {e.Message}"));
        }
        catch (JsonException e)
        {
            // The reader's own sentence may hold a piece of the text.
            errors.Add(
                Field,
                e.LineNumber is { } line
                    ? string.Create(CultureInfo.InvariantCulture, $"Line {line + 1}: Is not valid JSON, or names a member twice.")
                    : "Is not valid JSON, or names a member twice."
            );
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            errors.Add(Field, "Holds text that is not valid Unicode.");
        }
        return null;
    }

    private static int Depth(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => 1 + value.EnumerateObject().Select(m => Depth(m.Value)).DefaultIfEmpty().Max(),
            JsonValueKind.Array => 1 + value.EnumerateArray().Select(Depth).DefaultIfEmpty().Max(),
            _ => 0,
        };

    private static string Sorted(JsonElement content)
    {
        var sorted = JsonObject.Create(content)!;
        foreach (var list in (string[])["tools", "gateways", "secrets"])
        {
            if (sorted[list] is not JsonArray items)
                continue;
            var byName = items
                .Select(item => item!.DeepClone())
                .OrderBy(item => item is JsonObject ? (string)item["name"]! : (string)item!, StringComparer.Ordinal);
            sorted[list] = new JsonArray([.. byName]);
        }
        return Encoding.UTF8.GetString(CanonicalJson.Write(sorted));
    }
}
