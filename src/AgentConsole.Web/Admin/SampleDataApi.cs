using AgentConsole.Contracts;
using AgentConsole.Core.People;
using AgentConsole.Core.Samples;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Admin;

/// <summary>The sample fleet's traces over REST, for org-admins.</summary>
internal static class SampleDataApi
{
    public static RouteGroupBuilder MapSampleDataApi(this RouteGroupBuilder api)
    {
        var samples = api.MapGroup("/sample-data").WithTags("Sample data");
        samples
            .MapGet("", FindAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("GetSampleData")
            .WithSummary("What the sample fleet set up and is still there");
        samples
            .MapDelete("", RemoveAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("RemoveSampleData")
            .WithSummary("Take the sample fleet away: stop it, revoke its keys, delete its agents, disable its people and service account")
            .WithDescription("Answers with what was taken away. Its teams and the trail stay. Repeat it when it was interrupted.");
        return api;
    }

    private static async Task<Answer<SampleDataBody>> FindAsync(
        CurrentActor actor,
        SampleDataService samples,
        CancellationToken cancellationToken
    ) => (await samples.FindAsync(actor, cancellationToken)).ToAnswer();

    private static async Task<Answer<SampleDataBody>> RemoveAsync(
        CurrentActor actor,
        SampleDataService samples,
        CancellationToken cancellationToken
    ) => (await samples.RemoveAsync(actor, cancellationToken)).ToAnswer();
}
