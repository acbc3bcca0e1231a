using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentConsole.Contracts;

/// <summary>The one JSON dialect of the API: snake_case names, unknown fields ignored, absent rather than null where a record says so.</summary>
public static class ConsoleJson
{
    /// <summary>Options for every body of /api/v1 and /hubs/live. Nesting deeper than 32 levels is refused.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Applies the dialect to options that a framework owns.</summary>
    public static void Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = null;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.MaxDepth = 32;
        options.AllowDuplicateProperties = false;
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Apply(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
