using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;

namespace AgentConsole.Core.Tests.Runs;

/// <summary>Scenes of this feature: an agent that reports.</summary>
internal static class RunStories
{
    /// <summary>Registers an agent of payments and starts ingest; the actor is the agent itself.</summary>
    public static async Task<Actor> AgentAsync(this TestHouse house, string slug, Action<Agent>? change = null)
    {
        await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
        var agent = new Agent
        {
            Id = write.NewId(),
            OrganizationId = house.Cast.Acme,
            TeamId = house.Cast.Payments,
            Slug = slug,
            DisplayName = slug,
            CreatedAt = write.Now,
            CreatedBy = "test",
            UpdatedAt = write.Now,
            Lifecycle = Lifecycle.Active,
        };
        change?.Invoke(agent);
        write.Db.Add(agent);
        house.Get<AgentDirectory>().Announce(write, agent);
        Assert.True(await write.TryCommitAsync(TestHouse.Stop));
        return new Actor
        {
            OrganizationId = agent.OrganizationId,
            Kind = ActorKind.Agent,
            Id = agent.Id,
            Label = slug,
            Method = AuthMethod.AgentKey,
            CorrelationId = "c",
            Scopes = TokenScopes.AgentKey,
        };
    }

    public static async Task<RunAccepted> ReportAsync(
        this TestHouse house,
        Actor agent,
        string? externalId,
        string status,
        Func<ReportRun, ReportRun>? more = null
    )
    {
        var body = new ReportRun { ExternalId = externalId, Status = status };
        var answer = await house.Get<RunIngest>().ReportAsync(agent, null, more?.Invoke(body) ?? body, 100);
        Assert.Null(answer.Problem);
        return answer.Value;
    }
}
