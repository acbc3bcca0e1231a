using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Runs;

namespace AgentConsole.Web.Api;

/// <summary>What an answer looks like, made from an operation's result: the same for the first time and for a replay.</summary>
internal static class AnswerShape
{
    public static StoredAnswer Of(object result, DoneStatus? done)
    {
        if (result is Done)
            return new StoredAnswer(StatusCodes.Status204NoContent, null, null, [], Sealed: false);
        if (result is RunAccepted accepted)
            return Of(accepted.Run, new DoneStatus(accepted.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK));
        if (result is UnclaimedReport)
            done = new DoneStatus(StatusCodes.Status202Accepted);
        var status = done?.Of?.Invoke(result) ?? done?.Status ?? StatusCodes.Status200OK;
        return new StoredAnswer(
            status,
            status == StatusCodes.Status201Created ? LocationOf(result) : null,
            ETagOf(result),
            JsonSerializer.SerializeToUtf8Bytes(result, result.GetType(), ConsoleJson.Options),
            Sealed: false
        );
    }

    /// <summary>Where a created thing is read from then on.</summary>
    private static string? LocationOf(object result) =>
        result switch
        {
            AgentBody agent => $"/api/v1/agents/{agent.Id}",
            PlanBody plan => $"/api/v1/agents/plans/{plan.Id}",
            KeyBulkBody bulk => $"/api/v1/{(bulk.Action == "rotate" ? "rotations" : "keys")}/bulk/{bulk.Id}",
            RotationBody rotation => $"/api/v1/rotations/{rotation.Id}",
            KeyBody key => $"/api/v1/agents/{key.AgentId}/keys/{key.Id}",
            RunBody run => $"/api/v1/runs/{run.Id}",
            TeamBody team => $"/api/v1/teams/{team.Slug}",
            UserBody user => $"/api/v1/users/{user.Id}",
            ServiceAccountBody account => $"/api/v1/service-accounts/{account.Id}",
            PriceBody price => $"/api/v1/prices/{price.Id}",
            RerateBody rerating => $"/api/v1/reratings/{rerating.Id}",
            TokenBody token => $"/api/v1/tokens/{token.Id}",
            ViewBody view => $"/api/v1/views/{view.Id}",
            InactivityPolicyBody policy => $"/api/v1/inactivity-policies/{policy.Id}",
            RotationPolicyBody policy => $"/api/v1/rotation-policies/{policy.Id}",
            CalendarLinkBody => "/api/v1/calendar-links",
            SinkBody sink => $"/api/v1/sinks/{sink.Id}",
            FreezeBody freeze => $"/api/v1/freezes/{freeze.Id}",
            DefinitionBody definition => string.Create(
                CultureInfo.InvariantCulture,
                $"/api/v1/agents/{definition.AgentId}/definitions/{definition.Number}"
            ),
            RolloutBody rollout => $"/api/v1/rollouts/{rollout.Id}",
            RolloutTemplateBody plan => $"/api/v1/rollout-plans/{plan.Id}",
            SnapshotBody snapshot => $"/api/v1/snapshots/{snapshot.Id}",
            GatewayBody gateway => $"/api/v1/gateways/{gateway.Id}",
            RetirementBody retirement => $"/api/v1/agents/{retirement.AgentId}/retirement",
            _ => null,
        };

    private static string? ETagOf(object result) =>
        result switch
        {
            AgentBody agent => ETag(agent.Revision),
            TeamBody team => ETag(team.Revision),
            RetentionBody retention => ETag(retention.Revision),
            OrganizationBody organization => ETag(organization.Revision),
            UserBody user => ETag(user.Revision),
            ServiceAccountBody account => ETag(account.Revision),
            ViewBody view => ETag(view.Revision),
            InactivityPolicyBody policy => ETag(policy.Revision),
            RotationPolicyBody policy => ETag(policy.Revision),
            SinkBody sink => ETag(sink.Revision),
            FreezeBody freeze => ETag(freeze.Revision),
            GatewayBody gateway => ETag(gateway.Revision),
            RolloutTemplateBody plan => ETag(plan.Revision),
            _ => null,
        };

    public static string ETag(long revision) => string.Create(CultureInfo.InvariantCulture, $"\"{revision}\"");
}
