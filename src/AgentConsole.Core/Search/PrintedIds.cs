using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Agents.Plans;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Freezes;
using AgentConsole.Core.Gateways;
using AgentConsole.Core.Inactivity;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Retention;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Rotations.Bulk;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Core.Sinks;
using AgentConsole.Core.Spend;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Core.Views;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Search;

/// <summary>
/// What stands behind an id that is found by nothing else. Each kind is asked of the service whose page shows it, so that whoever may read it there finds
/// it here, and for everybody else it does not exist.
/// </summary>
public sealed class PrintedIds(
    ConsoleStore store,
    AccessDirectory access,
    BulkPlanService plans,
    ViewService views,
    PriceService prices,
    ReratingService reratings,
    InactivityService policies,
    UnclaimedService unclaimed,
    SinkService sinks,
    GatewayService gateways,
    RotationLists rotations,
    RotationPolicyService rotationPolicies,
    CalendarService calendar,
    KeyBulkService bulks,
    SnapshotLists snapshots,
    FreezeService freezes,
    RolloutLists rollouts,
    RolloutTemplates rolloutPlans,
    RetentionService retention,
    SessionService sessions,
    PasskeyService passkeys,
    BreakGlassService breakGlass
)
{
    /// <param name="id">With its prefix.</param>
    internal async Task<SearchHit?> FindAsync(Actor by, string prefix, string id, CancellationToken cancellationToken)
    {
        if (by.AgentId is not null || ScopeOf(prefix) is not { } scope || !by.HasScope(scope))
            return null;
        return prefix switch
        {
            IdText.Organization => Organization(by, id),
            IdText.Plan => Hit(await plans.GetAsync(by, id, cancellationToken), Of),
            IdText.View => Hit(
                await views.GetAsync(by, id, cancellationToken),
                view => new SearchHit(SearchKind.View, id, view.Name, $"Saved view · {view.Page}") { Page = view.Page }
            ),
            IdText.Price => Hit(
                await prices.GetAsync(by, id, cancellationToken),
                price => new SearchHit(SearchKind.Price, id, price.Model, $"Price from {Day(price.EffectiveFrom)}")
            ),
            IdText.Rerating => Hit(
                await reratings.GetAsync(by, id, cancellationToken),
                rerating => new SearchHit(SearchKind.Rerating, id, "Rating of a period anew", rerating.State)
            ),
            IdText.InactivityPolicy => Hit(
                await policies.GetAsync(by, id, cancellationToken),
                policy => new SearchHit(SearchKind.InactivityPolicy, id, policy.Name, "Inactivity policy")
            ),
            IdText.Exemption => await ExemptionAsync(by, id, cancellationToken),
            IdText.Unclaimed => Hit(
                await unclaimed.GetAsync(by, id, cancellationToken),
                one => new SearchHit(SearchKind.Unclaimed, id, one.Name, $"Unclaimed · {one.State}") { State = one.State }
            ),
            IdText.Sink => Hit(
                await sinks.GetAsync(by, id, cancellationToken),
                sink => new SearchHit(SearchKind.Sink, id, sink.Name, $"Secret sink · {sink.Kind}")
            ),
            IdText.Gateway => Hit(
                await gateways.GetAsync(by, id, cancellationToken),
                gateway => new SearchHit(SearchKind.Gateway, id, gateway.Name, $"Gateway · {gateway.Region ?? "no region"}")
            ),
            IdText.Rotation => Hit(
                await rotations.GetAsync(by, id, cancellationToken),
                rotation => new SearchHit(
                    SearchKind.Rotation,
                    id,
                    $"{rotation.KeyName} of {rotation.Agent}",
                    $"Rotation · {rotation.State}"
                )
                {
                    Agent = rotation.Agent,
                }
            ),
            IdText.RotationPolicy => Hit(
                await rotationPolicies.GetAsync(by, id, cancellationToken),
                policy => new SearchHit(SearchKind.RotationPolicy, id, NameOf(by, policy), "Rotation policy")
            ),
            IdText.CalendarLink => Hit(
                await calendar.GetAsync(by, id, cancellationToken),
                link => new SearchHit(SearchKind.CalendarLink, id, link.Name, "Your calendar link")
            ),
            IdText.Bulk => Hit(
                await bulks.GetAsync(by, id, cancellationToken),
                bulk => new SearchHit(
                    SearchKind.KeyBulk,
                    id,
                    bulk.Action == "rotate" ? "Rotation of many keys" : $"Many keys: {bulk.Action}",
                    $"{bulk.State} · by {bulk.Maker}"
                )
                {
                    Action = bulk.Action,
                }
            ),
            IdText.Snapshot => Hit(
                await snapshots.GetAsync(by, id, cancellationToken),
                snapshot => new SearchHit(
                    SearchKind.Snapshot,
                    id,
                    $"{snapshot.Agent} {snapshot.Version}",
                    $"Snapshot · {snapshot.Status}, {snapshot.Outcome}"
                )
            ),
            IdText.Freeze => Hit(
                await freezes.GetAsync(by, id, cancellationToken),
                freeze => new SearchHit(SearchKind.Freeze, id, freeze.Name, "Freeze")
            ),
            IdText.Rollout => Hit(
                await rollouts.GetAsync(by, id, cancellationToken),
                rollout => new SearchHit(SearchKind.Rollout, id, $"{rollout.Agent} {rollout.CanaryVersion}", $"Rollout · {rollout.State}")
            ),
            IdText.RolloutTemplate => Hit(
                await rolloutPlans.GetAsync(by, id, cancellationToken),
                plan => new SearchHit(SearchKind.RolloutPlan, id, plan.Name, "Rollout plan")
            ),
            IdText.Purge => Hit(
                await retention.GetAsync(by, cancellationToken),
                body =>
                    body.Purges.FirstOrDefault(p => p.Id == id) is { } purge
                        ? new SearchHit(SearchKind.Purge, id, $"Removal of {Day(purge.StartedAt)}", $"Retention · {purge.State}")
                        : null
            ),
            IdText.Session => Hit(
                await sessions.ListAsync(by, cancellationToken),
                mine =>
                    mine.FirstOrDefault(s => s.Id == id) is { } session
                        ? new SearchHit(SearchKind.Session, id, session.UserAgent ?? "Session", "Your session")
                        : null
            ),
            IdText.Passkey => Hit(
                await passkeys.FindAsync(by, id, cancellationToken),
                found => new SearchHit(
                    SearchKind.Passkey,
                    id,
                    found.Passkey.Name,
                    found.Mine ? "Your passkey" : $"Passkey of {found.Email}"
                )
                {
                    User = found.Mine ? null : found.UserId,
                }
            ),
            IdText.BreakGlass => Hit(
                await breakGlass.ListAsync(by, cancellationToken),
                accounts =>
                    accounts.FirstOrDefault(a => a.Id == id) is { } account
                        ? new SearchHit(SearchKind.BreakGlass, id, account.Name, $"Break-glass account · {account.State}")
                        : null
            ),
            IdText.BreakGlassUse => Hit(
                await breakGlass.UsesAsync(by, cancellationToken),
                uses =>
                    uses.FirstOrDefault(u => u.Id == id) is { } use
                        ? new SearchHit(SearchKind.BreakGlass, id, use.Name, $"Use of a break-glass account on {Day(use.UsedAt)}")
                        : null
            ),
            _ => null,
        };
    }

    /// <summary>Plans of one's own by their digest, whole or as the page shows it, with <c>sha256:</c> or without.</summary>
    internal async Task<IReadOnlyList<SearchHit>> OfDigestAsync(Actor by, string text, int most, CancellationToken cancellationToken)
    {
        const string Algorithm = "sha256:";
        var digest = (text.StartsWith(Algorithm, StringComparison.OrdinalIgnoreCase) ? text[Algorithm.Length..] : text).ToLowerInvariant();
        return
            by.AgentId is null
            && by.HasScope(TokenScopes.AgentsRead)
            && digest.Length is >= BulkPlanService.ShownDigest and <= 64
            && digest.All(char.IsAsciiHexDigit)
            ? [.. (await plans.WithDigestAsync(by, digest, most, cancellationToken)).Select(Of)]
            : [];
    }

    private static SearchHit Of(PlanBody plan) => new(SearchKind.Plan, plan.Id, $"Plan: {plan.Action}", $"{plan.State} · by {plan.Maker}");

    // What its own endpoints ask of a token.
    private static string? ScopeOf(string prefix) =>
        prefix switch
        {
            IdText.Organization or IdText.Plan or IdText.View or IdText.InactivityPolicy or IdText.Exemption or IdText.Unclaimed =>
                TokenScopes.AgentsRead,
            IdText.Price => TokenScopes.RunsRead,
            IdText.Snapshot or IdText.Freeze or IdText.Rollout or IdText.RolloutTemplate => TokenScopes.DeploymentsRead,
            IdText.Gateway => TokenScopes.DeploymentsRead,
            IdText.Sink or IdText.Rotation or IdText.RotationPolicy or IdText.CalendarLink or IdText.Bulk => TokenScopes.KeysRead,
            IdText.Rerating or IdText.Purge or IdText.Session or IdText.Passkey or IdText.BreakGlass or IdText.BreakGlassUse =>
                TokenScopes.Admin,
            _ => null,
        };

    // For whom it is, as its page says.
    private string NameOf(Actor by, RotationPolicyBody policy) =>
        policy.Agent
        ?? string.Join(
            " / ",
            new[] { policy.Team ?? access.Current.Organizations.GetValueOrDefault(by.OrganizationId), policy.Environment }.OfType<string>()
        );

    private SearchHit? Organization(Actor by, string id) =>
        id == IdText.Format(IdText.Organization, by.OrganizationId)
        && access.Current.Organizations.TryGetValue(by.OrganizationId, out var name)
            ? new SearchHit(SearchKind.Organization, id, name, "Organization")
            : null;

    // Of agents that one may not see one does not hear, exempted or not.
    private async Task<SearchHit?> ExemptionAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        var exemptionId = IdText.Parse(IdText.Exemption, id);
        await using var db = await store.ReadAsync(cancellationToken);
        var (agents, seen, seenPolicies) = (db.Agents, db.Agents.VisibleTo(by), db.InactivityPolicies.VisibleTo(by));
        var found = await db
            .InactivityExemptions.Where(e =>
                e.Id == exemptionId
                && e.OrganizationId == by.OrganizationId
                && seenPolicies.Any(p => p.Id == e.PolicyId)
                && (e.AgentId == null || seen.Any(a => a.Id == e.AgentId))
            )
            .Select(e => new { e.Tag, Slug = agents.Where(a => a.Id == e.AgentId).Select(a => a.Slug).FirstOrDefault() })
            .FirstOrDefaultAsync(cancellationToken);
        return found is null
            ? null
            : new SearchHit(SearchKind.InactivityPolicy, id, found.Slug ?? $"Tag {found.Tag}", "Exempt from inactivity");
    }

    private static SearchHit? Hit<T>(Outcome<T> found, Func<T, SearchHit?> hit)
        where T : notnull => found.Try(out var one, out _) ? hit(one) : null;

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
