using System.Reflection;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using Microsoft.AspNetCore.Http.Metadata;

namespace AgentConsole.Web.Api;

/// <summary>The name of the agent for which somebody reports who has no agent key.</summary>
internal static class Unregistered
{
    public const string Header = "X-AgentConsole-Agent";

    /// <summary>What stands in the body wins over the header; null when neither names one.</summary>
    public static string? NameOf(HttpContext context, string? inBody) =>
        !string.IsNullOrEmpty(inBody) ? inBody
        : context.Request.Headers[Header] is [{ Length: > 0 } inHeader] ? inHeader
        : null;
}

/// <summary>The answer to an agent, or (202) to somebody who reports for one that is not registered.</summary>
internal sealed class AgentAnswer<T> : IResult, IEndpointMetadataProvider
    where T : notnull
{
    private readonly IResult _answer;

    private AgentAnswer(IResult answer) => _answer = answer;

    public Task ExecuteAsync(HttpContext httpContext) => _answer.ExecuteAsync(httpContext);

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        Answer<T>.PopulateMetadata(method, builder);
        builder.Metadata.Add(
            new ProducesResponseTypeMetadata(StatusCodes.Status202Accepted, typeof(UnclaimedReport), ["application/json"])
        );
    }

    public static AgentAnswer<T> Of(Outcome<T> outcome) => new(outcome.ToAnswer());

    public static AgentAnswer<T> Refuse(Problem problem) => Of((Outcome<T>)problem);

    public static AgentAnswer<T> Of(Outcome<UnclaimedReport> outcome) => new(outcome.ToAnswer());
}
