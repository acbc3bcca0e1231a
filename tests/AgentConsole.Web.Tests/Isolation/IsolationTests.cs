using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Trail;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Isolation;

/// <summary>Every endpoint × everybody of the cast × every kind of credential, held against the table "Who may do what".</summary>
public sealed class IsolationTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_endpoint_has_a_row_in_the_table()
    {
        await using var console = await ConsoleServer.StartAsync();
        var named = console
            .Services.GetServices<EndpointDataSource>()
            .SelectMany(s => s.Endpoints)
            .Where(e => e.Metadata.GetMetadata<RouteFigures>() is not null)
            .Select(e => e.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName ?? e.DisplayName ?? "?");
        Assert.Equal(named.Order(StringComparer.Ordinal), Doors.All.Select(d => d.Operation).Order(StringComparer.Ordinal));
    }

    [Theory, BothDatabases]
    public async Task Nobody_gets_through_a_door_that_the_table_closes(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        var scene = await SceneAsync(console);
        var faults = new List<string>();
        foreach (var door in Doors.All)
        {
            var scope = ScopeOf(console, door);
            foreach (var person in console.Cast.All)
            {
                var all = scene.Tokens[person];
                await TryAsync(console, scene, faults, door, $"{person.Name} with a token", all, Expected(console, door, person));
                if (scope is not null)
                {
                    var narrow = await console.TokenAsync(person, TokenScopes.All.Where(s => s != scope));
                    await TryAsync(console, scene, faults, door, $"{person.Name} without {scope}", narrow, Answer.Forbidden);
                }
                if (person.OrganizationId == console.Cast.Acme)
                    await TryAsync(
                        console,
                        scene,
                        faults,
                        door,
                        $"{person.Name} limited to research",
                        scene.Limited[person],
                        ExpectedLimited(console, door, person)
                    );
                var session =
                    door.Method == "GET" || door.Subject == Subject.Anyone ? Expected(console, door, person) : Answer.Unauthorized;
                await TryAsync(console, scene, faults, door, $"{person.Name} by session", null, session, person);
            }
            await TryAsync(
                console,
                scene,
                faults,
                door,
                "nobody",
                null,
                door.Subject == Subject.Anyone ? Answer.Through : Answer.Unauthorized
            );
            await TryAsync(
                console,
                scene,
                faults,
                door,
                "a dead key",
                scene.DeadKey,
                door.Subject == Subject.Anyone ? Answer.Through : Answer.Unauthorized
            );
            await TryAsync(console, scene, faults, door, "another team's agent", scene.StrangerKey, ExpectedAgent(console, door));
        }
        Assert.Empty(faults);
    }

    private enum Answer
    {
        /// <summary>The door opened: done, or a refusal of the content (400, 409, 412, 428).</summary>
        Through,
        Unauthorized,
        Forbidden,
        NotFound,
    }

    private sealed record Scene(
        IReadOnlyDictionary<Person, string> Tokens,
        IReadOnlyDictionary<Person, string> Limited,
        IReadOnlyDictionary<string, string> Names,
        string DeadKey,
        string StrangerKey
    );

    private static async Task<Scene> SceneAsync(ConsoleServer console)
    {
        var (agent, key) = await console.AgentAsync("mailroom-1");
        var (spare, _) = await console.AgentAsync("spare-1");
        var (_, stranger) = await console.AgentAsync("reader-1", console.Cast.Research);
        using var client = console.Client(key);
        await client.PostAsync(
            "/api/v1/runs",
            new StringContent("""{"external_id":"job","status":"running"}""", Encoding.UTF8, "application/json"),
            Stop
        );
        var olga = console.As(console.Cast.Olga);
        var user = (await console.Get<UserService>().InviteAsync(olga, new InviteUser { Email = "spare@acme.example" }, Stop)).Value;
        var account = (
            await console.Get<ServiceAccountService>().CreateAsync(olga, new CreateServiceAccount { Name = "spare" }, Stop)
        ).Value;
        var view = (
            await console
                .Get<Core.Views.ViewService>()
                .CreateAsync(
                    olga,
                    new SaveView
                    {
                        Page = "fleet",
                        Name = "Payments, failing",
                        Team = "payments",
                    },
                    Stop
                )
        ).Value;
        var rotation = (
            await console
                .Get<Core.Rotations.RotationService>()
                .CreateAsync(olga, IdText.Format(IdText.Agent, agent), new CreateRotation(), Stop)
        ).Value;
        var sink = await SinkAsync(console);
        await console
            .Get<Core.Definitions.DefinitionService>()
            .SaveAsync(
                olga,
                "mailroom-1",
                new Core.Definitions.DefinitionInput("""{"name":"Mailroom"}""", Core.Definitions.DefinitionFormat.Json),
                Stop
            );
        var snapshot = (
            await console
                .Get<Core.Deployments.DeploymentService>()
                .SetAsync(olga, "mailroom-1", new SetSnapshot { Version = "2.1.0", Status = "active" }, Stop)
        ).Value;
        var plan = new RolloutPlanBody
        {
            Steps = [new RolloutStepBody { Percent = 5, MinimumRuns = 100 }],
            Metrics = [new RolloutMetricBody { Metric = "error-rate", Margin = 0.01m }],
        };
        var rollout = (
            await console
                .Get<Core.Deployments.Rollouts.RolloutService>()
                .StartAsync(
                    olga,
                    "mailroom-1",
                    new StartRollout
                    {
                        Snapshot = new SetSnapshot { Version = "2.2.0" },
                        Plan = plan,
                    },
                    Stop
                )
        ).Value;
        var rolloutPlan = (
            await console
                .Get<Core.Deployments.Rollouts.RolloutTemplates>()
                .CreateAsync(
                    olga,
                    new SetRolloutTemplate
                    {
                        Team = "payments",
                        Name = "Careful",
                        Plan = plan,
                    },
                    Stop
                )
        ).Value;
        await console
            .Get<Core.Retirements.RetirementService>()
            .StartAsync(olga, "mailroom-1", new RetirementReason { Reason = "A test" }, Stop);
        var freeze = (
            await console
                .Get<Core.Freezes.FreezeService>()
                .CreateAsync(
                    olga,
                    new SetFreeze
                    {
                        Name = "Weekend",
                        Team = "payments",
                        Cron = "0 18 * * FRI",
                        DurationMinutes = 60,
                        Reason = "A test",
                    },
                    Stop
                )
        ).Value;
        var gateway = (
            await console
                .Get<Core.Gateways.GatewayService>()
                .CreateAsync(olga, new SetGateway { Team = "payments", Name = "gateway-payments" }, Stop)
        ).Value;
        var policy = (
            await console
                .Get<Core.Rotations.Schedules.RotationPolicyService>()
                .CreateAsync(olga, new SetRotationPolicy { Team = "payments", CadenceDays = 90 }, Stop)
        ).Value;
        await console.Get<AgentService>().PauseAsync(olga, "mailroom-1", "", Stop);
        await console.Get<AgentService>().ResumeAsync(olga, "mailroom-1", "", Stop);
        await using var db = await console.Get<ConsoleStore>().ReadAsync(Stop);
        var record = await db.TrailRecords.FirstAsync(r => r.Action == "agent.paused", Stop);
        var version = await db.KeyVersions.FirstAsync(v => v.AgentId == agent, Stop);
        var run = await db.Runs.FirstAsync(Stop);
        var tokens = new Dictionary<Person, string>();
        var limited = new Dictionary<Person, string>();
        foreach (var person in console.Cast.All)
        {
            tokens[person] = await console.TokenAsync(person);
            limited[person] = await console.TokenAsync(person, null, console.Cast.Research);
        }
        return new Scene(
            tokens,
            limited,
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["agent"] = IdText.Format(IdText.Agent, agent),
                ["spare"] = IdText.Format(IdText.Agent, spare),
                ["key"] = IdText.Format(IdText.Key, version.KeyId),
                ["run"] = IdText.Format(IdText.Run, run.Id),
                ["trail"] = IdText.Format(IdText.Trail, record.Id),
                ["user"] = user.Id,
                ["account"] = account.Id,
                ["view"] = view.Id,
                ["rotation"] = rotation.Id,
                ["snapshot"] = snapshot.Id,
                ["freeze"] = freeze.Id,
                ["rollout"] = rollout.Id,
                ["rollout-plan"] = rolloutPlan.Id,
                ["gateway"] = gateway.Id,
                ["policy"] = policy.Id,
                ["sink"] = IdText.Format(IdText.Sink, sink),
                ["nobody"] = IdText.Format(IdText.User, console.Cast.Nobody.Id),
            },
            SecretText.Create(SecretText.KeyPrefix),
            stranger
        );
    }

    // Files are off here: a test of this sink ends before anything is written.
    private static async Task<Guid> SinkAsync(ConsoleServer console)
    {
        await using var write = await console.Get<ConsoleStore>().WriteAsync(Stop);
        var sink = new Core.Sinks.SecretSink
        {
            Id = write.NewId(),
            OrganizationId = console.Cast.Acme,
            TeamId = console.Cast.Payments,
            Name = "Files",
            Kind = Core.Sinks.SinkKind.File,
            Settings = new Core.Sinks.SinkSettings(File: new Core.Sinks.FileSettings("/run/agent-keys", "{agent}.env", "env")),
            UpdatedBy = "a test",
        };
        write.Db.Add(sink);
        Assert.True(await write.TryCommitAsync(Stop));
        return sink.Id;
    }

    // The table of the design, written a second time in its own words.
    private static bool Grants(ConsoleServer console, Permission permission, Person person)
    {
        var cast = console.Cast;
        if (person == cast.Olga)
            return true;
        if (person == cast.Aude)
            return permission is Permission.ReadFleet or Permission.ReadTrail;
        Person[] inPayments = permission switch
        {
            Permission.ReadFleet => [cast.Ines, cast.Otto, cast.Alma, cast.Kurt, cast.Tara, cast.Victor],
            Permission.EditAgents or Permission.EditRules => [cast.Ines, cast.Otto, cast.Tara],
            Permission.ManageKeys => [cast.Ines, cast.Kurt, cast.Tara],
            Permission.DecideApprovals => [cast.Alma, cast.Tara],
            Permission.ManageTeam or Permission.ReadTrail => [cast.Tara],
            _ => [],
        };
        return inPayments.Contains(person);
    }

    private static Answer Expected(ConsoleServer console, Door door, Person person)
    {
        var cast = console.Cast;
        switch (door.Subject)
        {
            case Subject.Anyone or Subject.Narrowed or Subject.Self:
                return Answer.Through;
            case Subject.Rows:
                return person == cast.Gus || person == cast.Sara || Grants(console, door.Permission!.Value, person)
                    ? Answer.Through
                    : Answer.Forbidden;
            case Subject.Nobodys:
                return Answer.NotFound;
            case Subject.OfAcme:
                return person == cast.Gus ? Answer.NotFound
                    : Grants(console, door.Permission!.Value, person) ? Answer.Through
                    : Answer.Forbidden;
            case Subject.MissingOfAcme:
                return person == cast.Gus || Grants(console, door.Permission!.Value, person) ? Answer.NotFound : Answer.Forbidden;
            case Subject.Agent:
                return Answer.Forbidden;
            case Subject.Trail:
                return person == cast.Gus || person == cast.Sara || Grants(console, Permission.ReadTrail, person)
                    ? Answer.Through
                    : Answer.Forbidden;
            case Subject.TrailRecord when person == cast.Gus || person == cast.Sara:
                return Answer.NotFound; // they read a trail, and this is not on it
            case Subject.TrailRecord:
                return Grants(console, Permission.ReadTrail, person) ? Answer.Through : Answer.Forbidden;
            case Subject.Organization:
                return person == cast.Gus || Grants(console, door.Permission!.Value, person) ? Answer.Through : Answer.Forbidden;
        }
        if (!Grants(console, Permission.ReadFleet, person))
            return Answer.NotFound;
        return door.Permission is not { } needed || Grants(console, needed, person) ? Answer.Through : Answer.Forbidden;
    }

    // A token for research alone: nothing of payments exists for it, and nothing of the organization as a whole is its business.
    private static Answer ExpectedLimited(ConsoleServer console, Door door, Person person) =>
        door.Subject switch
        {
            Subject.Payments or Subject.Nobodys => Answer.NotFound,
            Subject.Trail
            or Subject.TrailRecord when person != console.Cast.Olga && person != console.Cast.Aude && person != console.Cast.Sara =>
                Answer.Forbidden,
            Subject.TrailRecord => Answer.NotFound,
            Subject.Rows => person == console.Cast.Olga || person == console.Cast.Sara ? Answer.Through : Answer.Forbidden,
            Subject.Agent => Answer.Forbidden,
            Subject.Organization or Subject.OfAcme or Subject.MissingOfAcme => Answer.Forbidden,
            // A link is narrowed by nothing: who is limited to teams makes none.
            _ when door.Operation == "MakeCalendarLink" => Answer.Forbidden,
            _ => Answer.Through,
        };

    private static Answer ExpectedAgent(ConsoleServer console, Door door)
    {
        var endpoint = EndpointOf(console, door);
        var access = endpoint.Metadata.GetMetadata<ApiAccess>()!;
        if (access.Anonymous)
            return Answer.Through;
        if (access.PeopleOnly || (access.Scope is { } scope && !TokenScopes.AgentKey.Contains(scope) && !access.OwnKey))
            return Answer.Forbidden;
        if (door.Operation == "RotateOwnKey")
            return Answer.Forbidden; // its key does not allow it
        return door.Path.Contains('{', StringComparison.Ordinal) ? Answer.NotFound : Answer.Through;
    }

    private static string? ScopeOf(ConsoleServer console, Door door) => EndpointOf(console, door).Metadata.GetMetadata<ApiAccess>()!.Scope;

    private static Microsoft.AspNetCore.Http.Endpoint EndpointOf(ConsoleServer console, Door door) =>
        console
            .Services.GetServices<EndpointDataSource>()
            .SelectMany(s => s.Endpoints)
            .First(e => e.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName == door.Operation);

    private static async Task TryAsync(
        ConsoleServer console,
        Scene scene,
        List<string> faults,
        Door door,
        string who,
        string? secret,
        Answer expected,
        Person? session = null
    )
    {
        // Each try has a client of its own, so that nothing of another is reused.
        using var client = session is null ? console.Client(secret) : console.Browser(session);
        var path = scene.Names.Aggregate(
            door.Path,
            (text, name) => text.Replace("{" + name.Key + "}", name.Value, StringComparison.Ordinal)
        );
        using var request = new HttpRequestMessage(new HttpMethod(door.Method), path);
        if (door.Body is not null)
        {
            request.Content = new StringContent(
                door.Body.Replace("{new}", "n" + Guid.NewGuid().ToString("n"), StringComparison.Ordinal),
                Encoding.UTF8
            );
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        using var answer = await client.SendAsync(request, Stop);
        var got = answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized => Answer.Unauthorized,
            HttpStatusCode.Forbidden => Answer.Forbidden,
            HttpStatusCode.NotFound => Answer.NotFound,
            _ => Answer.Through,
        };
        var text = await answer.Content.ReadAsStringAsync(Stop);
        if (got != expected || (int)answer.StatusCode >= 500)
            faults.Add(
                $"{door.Method} {door.Path} by {who}: {(int)answer.StatusCode} instead of {expected}: {text[..Math.Min(160, text.Length)]}"
            );
        // Whoever may not see payments finds nothing of it in a list either.
        if (
            door.Subject == Subject.Narrowed
            && door.Method == "GET"
            && door.Operation != "ListTeams"
            && (
                who.StartsWith("Gus", StringComparison.Ordinal)
                || who.StartsWith("Sara", StringComparison.Ordinal)
                || who.StartsWith("Nobody", StringComparison.Ordinal)
            )
            && text.Contains("mailroom", StringComparison.Ordinal)
        )
            faults.Add($"{door.Method} {door.Path} shows {who} what is not theirs");
    }
}
