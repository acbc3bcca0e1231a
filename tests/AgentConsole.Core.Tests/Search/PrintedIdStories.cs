using System.Reflection;
using System.Security.Cryptography;
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
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Core.Retention;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Rotations.Bulk;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Search;
using AgentConsole.Core.Sinks;
using AgentConsole.Core.Spend;
using AgentConsole.Core.Tests.Prices;
using AgentConsole.Core.Tests.Runs;
using AgentConsole.Core.Trail;
using AgentConsole.Core.Unclaimed;
using AgentConsole.Core.Views;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Tests.Search;

/// <summary>Every id that the console prints is found by whoever may read what it stands for, and by nobody else.</summary>
public sealed class PrintedIdStories
{
    private static CancellationToken Stop => TestHouse.Stop;

    private sealed record Printed(string Id, SearchKind Kind, Person Reader, Person Stranger);

    [Theory, BothDatabases]
    public async Task Every_printed_id_is_found_by_who_may_read_it_and_by_nobody_else(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var all = await MakeAsync(house);
        var prefixes = typeof(IdText)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!)
            .ToList();
        Assert.Empty(prefixes.Except(all.Keys, StringComparer.Ordinal));

        foreach (var (prefix, printed) in all)
        {
            Assert.StartsWith(prefix + "_", printed.Id, StringComparison.Ordinal);
            var found = await FindAsync(house, printed.Reader, printed.Id);
            Assert.True(found.Select(hit => hit.Kind).Distinct().SequenceEqual([printed.Kind]), $"{prefix}: {string.Join(", ", found)}");
            Assert.NotEmpty(found[0].Title);
            Assert.Equal(found, await FindAsync(house, printed.Reader, prefix + printed.Id[prefix.Length..].ToUpperInvariant()));
            foreach (var stranger in new[] { printed.Stranger, house.Cast.Gus })
                Assert.True((await FindAsync(house, stranger, printed.Id)).Count == 0, $"{prefix} was found by {stranger.Name}");
            Assert.Empty(await FindAsync(house, printed.Reader, IdText.Format(prefix, Guid.NewGuid())));
        }
    }

    [Fact]
    public async Task What_is_gone_is_found_by_its_records()
    {
        await using var house = await TestHouse.OpenAsync();
        var views = house.Get<ViewService>();
        var olga = house.As(house.Cast.Olga);
        var view = (
            await views.CreateAsync(
                olga,
                new SaveView
                {
                    Page = "fleet",
                    Name = "Ours",
                    Team = "payments",
                },
                Stop
            )
        ).Value;
        Assert.Equal(SearchKind.View, Assert.Single(await FindAsync(house, house.Cast.Olga, view.Id)).Kind);

        await views.DeleteAsync(olga, view.Id, Stop);

        var hit = Assert.Single(await FindAsync(house, house.Cast.Olga, view.Id));
        Assert.Equal((SearchKind.Records, "Ours"), (hit.Kind, hit.Title));
        Assert.Equal(SearchKind.Records, Assert.Single(await FindAsync(house, house.Cast.Tara, view.Id)).Kind);
        foreach (var stranger in new[] { house.Cast.Otto, house.Cast.Sara, house.Cast.Gus })
            Assert.Empty(await FindAsync(house, stranger, view.Id));
    }

    private static async Task<IReadOnlyList<SearchHit>> FindAsync(TestHouse house, Person by, string text) =>
        (await house.Get<SearchService>().FindAsync(house.As(by), text, 8, Stop)).Value.Hits;

    private static async Task<Dictionary<string, Printed>> MakeAsync(TestHouse house)
    {
        var cast = house.Cast;
        var (olga, ines) = (house.As(cast.Olga), house.As(cast.Ines));
        var agent = (
            await house
                .Get<AgentService>()
                .RegisterAsync(
                    ines,
                    new RegisterAgent
                    {
                        Slug = "mailroom-1",
                        Team = "payments",
                        Key = true,
                    },
                    Stop
                )
        ).Value;
        var key = (await house.Get<KeyLists>().FindAsync(ines, agent.ApiKeyPrefix!, 1, Stop)).Single();
        var rotation = await house.Get<RotationService>().CreateAsync(ines, "mailroom-1", new CreateRotation(), Stop);
        var reporter = await house.AgentAsync("reporter-1");
        await house.Get<RunIngest>().StartAsync(Stop);
        var run = await house.ReportAsync(reporter, "job-1", "running");
        var events = await house
            .Get<RunIngest>()
            .AddEventsAsync(reporter, null, run.Run.Id, (ReportEvent[])[new ReportEvent { Kind = "log", Name = "read mail" }], 100);
        Assert.Null(events.Problem);
        var plan = await house.Get<BulkPlanService>().MakeAsync(ines, new MakePlan { Action = "pause", Agents = ["mailroom-1"] }, Stop);
        var view = await house.Get<ViewService>().CreateAsync(ines, new SaveView { Page = "runs", Name = "Mine" }, Stop);
        var price = await house.Get<PriceService>().AddAsync(olga, PriceTests.Row("small-1", "2", "0", "2020-01-01"), Stop);
        var rerating = await house.Get<ReratingService>().PlanAsync(olga, new PlanRerating { From = "2026-01-01" }, Stop);
        var policy = await house.Get<InactivityService>().CreateAsync(olga, new SetInactivityPolicy { Team = "payments" }, Stop);
        var exemption = await house
            .Get<ExemptionService>()
            .ExemptAsync(olga, policy.Value.Id, new ExemptFromInactivity { Agent = "mailroom-1", Reason = "Works in winter" }, Stop);
        var gateway = await house
            .Get<GatewayService>()
            .CreateAsync(house.As(cast.Otto), new SetGateway { Team = "payments", Name = "gateway-payments" }, Stop);
        var sink = await house
            .Get<SinkService>()
            .CreateAsync(
                house.As(cast.Kurt),
                new SetSink
                {
                    Team = "payments",
                    Name = "Hook",
                    Kind = "webhook",
                    Webhook = new WebhookSinkSettings { Url = "https://hooks.example/keys" },
                    Credential = "whsec_" + Convert.ToBase64String(SHA256.HashData("signing"u8)),
                },
                Stop
            );
        var rotationPolicy = await house
            .Get<RotationPolicyService>()
            .CreateAsync(ines, new SetRotationPolicy { Team = "payments", CadenceDays = 90 }, Stop);
        var link = await house
            .Get<CalendarService>()
            .MakeAsync(ines, "https://console.example", new MakeCalendarLink { Name = "Outlook" }, Stop);
        var bulk = await house
            .Get<KeyBulkService>()
            .PlanAsync(ines, KeyBulkAction.Disable, new MakeKeyBulk { Agents = ["mailroom-1"], Action = "disable" }, Stop);
        var account = await house.Get<ServiceAccountService>().CreateAsync(olga, new CreateServiceAccount { Name = "ci" }, Stop);
        var token = await house.Get<TokenService>().CreateAsync(ines, new CreateToken { Name = "ci", Scopes = ["agents:read"] }, Stop);
        foreach (
            var problem in new[]
            {
                rotation.Problem,
                plan.Problem,
                view.Problem,
                price.Problem,
                rerating.Problem,
                policy.Problem,
                exemption.Problem,
                sink.Problem,
                rotationPolicy.Problem,
                link.Problem,
                bulk.Problem,
                account.Problem,
                token.Problem,
            }
        )
            Assert.Null(problem);
        house
            .Get<SightingBook>()
            .Note(
                ines with
                {
                    Method = AuthMethod.Token,
                    CredentialId = IdText.Parse(IdText.Token, token.Value.Id),
                },
                "sorter-9",
                new Sighted("run")
            );
        await house.Get<SightingBook>().StepAsync(Stop);
        var waiting = await house.Get<UnclaimedService>().ListAsync(ines, new UnclaimedFilter(), new PageRequest(), Stop);
        var glass = (await house.Get<BreakGlassService>().SealAsync(olga, "Safe in Oslo", Stop)).Value;
        await house.Get<BreakGlassService>().UseAsync(glass.Code, "A drill", new CallOrigin(null, null, "c-drill"), Stop);
        var use = house.Get<AccessDirectory>().Current.Unreviewed[cast.Acme].Single();
        Guid passkey,
            purge,
            step,
            record;
        await using (var write = await house.Get<ConsoleStore>().WriteAsync(Stop))
        {
            (passkey, purge) = (write.NewId(), write.NewId());
            write.Db.Add(
                new Passkey
                {
                    Id = passkey,
                    OrganizationId = cast.Acme,
                    UserId = cast.Ines.Id,
                    CredentialId = [1, 2, 3],
                    CreatedAt = write.Now,
                    Data = new()
                    {
                        PublicKey = [1],
                        Name = "Laptop",
                        Transports = [],
                        AttestationObject = [],
                        ClientDataJson = [],
                    },
                }
            );
            write.Db.Add(
                new Purge
                {
                    Id = purge,
                    OrganizationId = cast.Acme,
                    StartedAt = write.Now,
                    FinishedAt = write.Now,
                }
            );
            step = await write.Db.RunEvents.Select(e => e.Id).SingleAsync(Stop);
            record = await write.Db.TrailRecords.Where(r => r.TeamId == cast.Payments).Select(r => r.Id).FirstAsync(Stop);
            Assert.True(await write.TryCommitAsync(Stop));
        }
        var snapshot = await house
            .Get<DeploymentService>()
            .SetAsync(olga, "mailroom-1", new SetSnapshot { Version = "2.1.0", Status = "active" }, Stop);
        var freeze = await house
            .Get<FreezeService>()
            .CreateAsync(
                olga,
                new SetFreeze
                {
                    Name = "Weekend",
                    Team = "payments",
                    Cron = "0 18 * * FRI",
                    DurationMinutes = 60,
                    Reason = "Nobody is here",
                },
                Stop
            );
        var watched = new RolloutPlanBody
        {
            Steps = [new RolloutStepBody { Percent = 5, MinimumRuns = 100 }],
            Metrics = [new RolloutMetricBody { Metric = "error-rate", Margin = 0.01m }],
        };
        var rollout = await house
            .Get<RolloutService>()
            .StartAsync(
                olga,
                "mailroom-1",
                new StartRollout
                {
                    Snapshot = new SetSnapshot { Version = "2.2.0" },
                    Plan = watched,
                },
                Stop
            );
        var rolloutPlan = await house
            .Get<RolloutTemplates>()
            .CreateAsync(
                olga,
                new SetRolloutTemplate
                {
                    Team = "payments",
                    Name = "Careful",
                    Plan = watched,
                },
                Stop
            );
        return new Dictionary<string, Printed>(StringComparer.Ordinal)
        {
            [IdText.Snapshot] = new(snapshot.Value.Id, SearchKind.Snapshot, cast.Victor, cast.Sara),
            [IdText.Rollout] = new(rollout.Value.Id, SearchKind.Rollout, cast.Victor, cast.Sara),
            [IdText.RolloutTemplate] = new(rolloutPlan.Value.Id, SearchKind.RolloutPlan, cast.Victor, cast.Sara),
            [IdText.Freeze] = new(freeze.Value.Id, SearchKind.Freeze, cast.Victor, cast.Sara),
            [IdText.Organization] = new(IdText.Format(IdText.Organization, cast.Acme), SearchKind.Organization, cast.Victor, cast.Gus),
            [IdText.Team] = new(IdText.Format(IdText.Team, cast.Payments), SearchKind.Team, cast.Victor, cast.Sara),
            [IdText.User] = new(IdText.Format(IdText.User, cast.Victor.Id), SearchKind.User, cast.Olga, cast.Ines),
            [IdText.ServiceAccount] = new(account.Value.Id, SearchKind.ServiceAccount, cast.Olga, cast.Ines),
            [IdText.Token] = new(token.Value.Id, SearchKind.Token, cast.Ines, cast.Otto),
            [IdText.Agent] = new(agent.Id, SearchKind.Agent, cast.Victor, cast.Sara),
            [IdText.Key] = new(IdText.Format(IdText.Key, key.KeyId), SearchKind.Key, cast.Victor, cast.Sara),
            [IdText.KeyVersion] = new(IdText.Format(IdText.KeyVersion, key.VersionId), SearchKind.Key, cast.Victor, cast.Sara),
            [IdText.Rotation] = new(rotation.Value.Id, SearchKind.Rotation, cast.Victor, cast.Sara),
            [IdText.RotationPolicy] = new(rotationPolicy.Value.Id, SearchKind.RotationPolicy, cast.Victor, cast.Sara),
            [IdText.CalendarLink] = new(link.Value.Id, SearchKind.CalendarLink, cast.Ines, cast.Olga),
            [IdText.Bulk] = new(bulk.Value.Id, SearchKind.KeyBulk, cast.Ines, cast.Sara),
            [IdText.Run] = new(run.Run.Id, SearchKind.Run, cast.Victor, cast.Sara),
            [IdText.Event] = new(IdText.Format(IdText.Event, step), SearchKind.Step, cast.Victor, cast.Sara),
            [IdText.Trail] = new(IdText.Format(IdText.Trail, record), SearchKind.TrailRecord, cast.Tara, cast.Victor),
            [IdText.Plan] = new(plan.Value.Id, SearchKind.Plan, cast.Ines, cast.Sara),
            [IdText.Session] = new(IdText.Format(IdText.Session, cast.Ines.SessionId), SearchKind.Session, cast.Ines, cast.Olga),
            [IdText.InactivityPolicy] = new(policy.Value.Id, SearchKind.InactivityPolicy, cast.Victor, cast.Sara),
            [IdText.Exemption] = new(exemption.Value.Id, SearchKind.InactivityPolicy, cast.Victor, cast.Sara),
            [IdText.Price] = new(price.Value.Id, SearchKind.Price, cast.Victor, cast.Nobody),
            [IdText.Gateway] = new(gateway.Value.Id, SearchKind.Gateway, cast.Victor, cast.Sara),
            [IdText.Sink] = new(sink.Value.Id, SearchKind.Sink, cast.Kurt, cast.Sara),
            [IdText.Rerating] = new(rerating.Value.Id, SearchKind.Rerating, cast.Olga, cast.Ines),
            [IdText.Purge] = new(IdText.Format(IdText.Purge, purge), SearchKind.Purge, cast.Olga, cast.Ines),
            [IdText.View] = new(view.Value.Id, SearchKind.View, cast.Ines, cast.Otto),
            [IdText.Unclaimed] = new(waiting.Value.Items.Single().Id, SearchKind.Unclaimed, cast.Otto, cast.Victor),
            [IdText.Passkey] = new(IdText.Format(IdText.Passkey, passkey), SearchKind.Passkey, cast.Ines, cast.Otto),
            [IdText.BreakGlass] = new(glass.Id, SearchKind.BreakGlass, cast.Aude, cast.Ines),
            [IdText.BreakGlassUse] = new(IdText.Format(IdText.BreakGlassUse, use.Id), SearchKind.BreakGlass, cast.Aude, cast.Ines),
        };
    }
}
