using System.Net;
using AgentConsole.Contracts;

namespace AgentConsole.SampleFleet.Client;

/// <summary>The console answered, and said no. <see cref="Code"/> is the stable word for programs.</summary>
public sealed class ConsoleRefusal(HttpStatusCode status, string code, string detail, ProblemBody? problem = null)
    : Exception($"{(int)status} {code}: {detail}{FieldsOf(problem)}")
{
    public HttpStatusCode Status => status;
    public string Code => code;

    /// <summary>The credential itself is refused; asking again with it is pointless until a person acts.</summary>
    public bool IsCredential => status == HttpStatusCode.Unauthorized;

    private static string FieldsOf(ProblemBody? problem) =>
        problem?.Errors is { Count: > 0 } errors
            ? " (" + string.Join("; ", errors.Select(e => $"{e.Key}: {string.Join(" ", e.Value)}")) + ")"
            : "";
}
