using System.Globalization;
using System.Text.Json;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Definitions;

/// <summary>What a definition may say. Every fault names its path, and the line where it is known.</summary>
internal sealed class DefinitionRules(FieldErrors errors, string prefix, MemberLines? lines)
{
    public const int MostNames = 100;
    public const int MostName = 200;
    public const int MostDescription = 2000;
    public const int MostInstructions = 128 * 1024;
    public const int MostObject = 16 * 1024;

    // A text that is something else altogether has as many faults as members.
    private const int MostFaults = 50;
    private int _faults;

    public void Check(JsonElement definition)
    {
        Members(definition, "", DefinitionContent.Order);
        Text(definition, "name", "name", MostName, multiline: false, required: true);
        Text(definition, "description", "description", MostDescription, multiline: true);
        Text(definition, "instructions", "instructions", MostInstructions, multiline: true);
        Text(definition, "prompt_hash", "prompt_hash", MostName, multiline: false);
        if (definition.TryGetProperty("instructions", out _) && definition.TryGetProperty("prompt_hash", out _))
            Add("prompt_hash", "Give the instructions or their hash, not both: the console computes the hash of instructions.");
        Model(definition);
        Tools(definition);
        Names(definition, "gateways");
        Names(definition, "secrets");
        Limits(definition);
        if (definition.TryGetProperty("metadata", out var metadata))
            Object(metadata, "metadata");
    }

    private void Model(JsonElement definition)
    {
        if (!definition.TryGetProperty("model", out var model))
            return;
        if (model.ValueKind != JsonValueKind.Object)
        {
            Add("model", "Must be an object with a name, and parameters if there are any.");
            return;
        }
        Members(model, "model", ["name", "provider", "parameters"]);
        Text(model, "name", "model.name", MostName, multiline: false, required: true);
        Text(model, "provider", "model.provider", MostName, multiline: false);
        if (model.TryGetProperty("parameters", out var parameters))
            Object(parameters, "model.parameters");
    }

    private void Tools(JsonElement definition)
    {
        if (!IsList(definition, "tools", out var tools))
            return;
        var known = new HashSet<string>(StringComparer.Ordinal);
        var at = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            var path = Item("tools", at++);
            if (tool.ValueKind != JsonValueKind.Object)
            {
                Add(path, "Must be an object with a name.");
                continue;
            }
            Members(tool, path, ["name", "description", "schema"]);
            if (Text(tool, "name", path + ".name", MostName, multiline: false, required: true) is { } name && !known.Add(name))
                Add(path + ".name", "Names a tool that stands in the list already.");
            Text(tool, "description", path + ".description", MostDescription, multiline: true);
            if (tool.TryGetProperty("schema", out var schema) && schema.ValueKind != JsonValueKind.Object)
                Add(path + ".schema", "Must be an object, as a JSON schema is.");
        }
    }

    private void Names(JsonElement definition, string field)
    {
        if (!IsList(definition, field, out var names))
            return;
        var known = new HashSet<string>(StringComparer.Ordinal);
        var at = 0;
        foreach (var item in names.EnumerateArray())
        {
            var path = Item(field, at++);
            if (Text(item, path, MostName, multiline: false, required: true) is { } name && !known.Add(name))
                Add(path, "Stands in the list already.");
        }
    }

    private void Limits(JsonElement definition)
    {
        if (!definition.TryGetProperty("limits", out var limits))
            return;
        if (limits.ValueKind != JsonValueKind.Object)
        {
            Add("limits", "Must be an object of numbers and texts.");
            return;
        }
        foreach (var limit in limits.EnumerateObject().Take(MostNames + 1))
        {
            var path = "limits." + Shown(limit.Name);
            if (limit.Value.ValueKind == JsonValueKind.String)
                Text(limit.Value, path, MostName, multiline: false, required: true);
            else if (limit.Value.ValueKind != JsonValueKind.Number)
                Add(path, "Must be a number or a text.");
            else if (limit.Value.GetDouble() < 0)
                Add(path, "Must not be negative.");
        }
        if (limits.EnumerateObject().Skip(MostNames).Any())
            Add("limits", AtMost);
    }

    private static readonly string AtMost = string.Create(CultureInfo.InvariantCulture, $"At most {MostNames}.");

    private bool IsList(JsonElement definition, string field, out JsonElement list)
    {
        if (!definition.TryGetProperty(field, out list))
            return false;
        if (list.ValueKind != JsonValueKind.Array)
            Add(field, "Must be a list.");
        else if (list.GetArrayLength() > MostNames)
            Add(field, AtMost);
        else
            return true;
        return false;
    }

    private void Object(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Object)
            Add(path, "Must be an object.");
        else if (System.Text.Encoding.UTF8.GetByteCount(value.GetRawText()) > MostObject)
            Add(path, string.Create(CultureInfo.InvariantCulture, $"At most {MostObject} bytes as JSON."));
    }

    private void Members(JsonElement value, string path, string[] known)
    {
        foreach (var member in value.EnumerateObject())
        {
            if (known.Contains(member.Name))
                continue;
            Add(
                path.Length == 0 ? Shown(member.Name) : $"{path}.{Shown(member.Name)}",
                $"Is not known here. Known: {string.Join(", ", known)}."
            );
            if (_faults >= MostFaults)
                return;
        }
    }

    private string? Text(JsonElement parent, string member, string path, int most, bool multiline, bool required = false)
    {
        if (parent.TryGetProperty(member, out var value))
            return Text(value, path, most, multiline, required);
        if (required)
            Add(path, "This is required.");
        return null;
    }

    private string? Text(JsonElement value, string path, int most, bool multiline, bool required)
    {
        if (value.ValueKind != JsonValueKind.String)
            Add(path, "Must be a text. In YAML, put what looks like a number or like true into quotes.");
        else if (value.GetString()! is var text && Common.Texts.Fault(text, most, multiline) is { } fault)
            Add(path, fault);
        else if (required && string.IsNullOrWhiteSpace(text))
            Add(path, "This is required.");
        else if (!multiline && text.Trim() != text)
            Add(path, "Begins or ends with a space; remove it.");
        else
            return text;
        return null;
    }

    private static string Item(string list, int at) => string.Create(CultureInfo.InvariantCulture, $"{list}[{at}]");

    // Names from outside may be long.
    private static string Shown(string name) => Common.Texts.Clip(name, 60)!;

    private void Add(string path, string sentence)
    {
        if (++_faults > MostFaults)
            return;
        errors.Add(
            prefix + path,
            lines?.Of(path) is { } line ? string.Create(CultureInfo.InvariantCulture, $"Line {line}: {sentence}") : sentence
        );
    }
}
