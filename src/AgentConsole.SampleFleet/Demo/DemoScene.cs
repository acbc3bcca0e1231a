using System.Net;
using AgentConsole.Contracts;
using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Keys;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.SampleFleet.Demo;

/// <summary>
/// Sets the scene through the public API: three teams with an owner each, the agents, a key for each agent, the sink that brings new ones, and a service
/// account that may read runs.
/// Setting it twice changes nothing; what was begun and not finished is finished.
/// </summary>
public sealed class DemoScene(FleetClient console, FleetState state, KeyRing keys, FleetLog log)
{
    private const string Removal = "The demo is taken away.";

    /// <returns>The agents with the keys they act under.</returns>
    /// <exception cref="ConsoleRefusal">The token is refused, or lacks a right the scene needs.</exception>
    public async Task<IReadOnlyList<Member>> SetAsync(IReadOnlyList<FleetAgent> agents, CancellationToken cancellationToken)
    {
        foreach (var team in DemoCast.Teams)
            await MakeTeamAsync(team, cancellationToken);
        var members = new List<Member>();
        foreach (var agent in agents)
        {
            var key = await KeyOfAsync(agent.Passport, cancellationToken);
            if (agent.Passport.KeyCare == KeyCare.Self)
                await LetRotateAsync(agent.Passport, key, cancellationToken);
            members.Add(keys.Join(agent, key));
        }
        await MakeSinkAsync(cancellationToken);
        await MakeAuditorAsync(cancellationToken);
        return members;
    }

    /// <summary>
    /// Takes away what <see cref="SetAsync"/> made: deletes the agents and revokes their keys, disables the service account and the three people. The
    /// console keeps its trail, and an agent can be restored as long as the installation exists.
    /// </summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        foreach (var agent in await AllAsync<AgentBody>($"/api/v1/agents?tag={DemoCast.Tag}", cancellationToken))
        {
            foreach (var key in await AllAsync<KeyBody>($"/api/v1/agents/{agent.Id}/keys?", cancellationToken))
            {
                foreach (var version in key.Versions.Where(v => v.State is "active" or "retiring" or "disabled"))
                    await PostAsync<KeyBody>(
                        $"/api/v1/agents/{agent.Id}/keys/{key.Id}/revoke",
                        new KeyAction { KeyVersion = version.Number, Reason = Removal },
                        null,
                        cancellationToken
                    );
            }
            await console.SendAsync<Nothing>(HttpMethod.Delete, $"/api/v1/agents/{agent.Id}", null, null, cancellationToken);
            state.Forget(agent.Slug);
            log.Info($"{agent.Slug} is deleted and its keys are revoked.");
        }
        foreach (var sink in await SinksAsync(cancellationToken))
            await console.SendAsync<Nothing>(HttpMethod.Delete, $"/api/v1/sinks/{sink.Id}", null, null, cancellationToken);
        foreach (
            var account in (await AllAsync<ServiceAccountBody>("/api/v1/service-accounts?", cancellationToken)).Where(a =>
                a.Name == DemoCast.AuditorName && !a.Disabled
            )
        )
            await PostAsync<ServiceAccountBody>($"/api/v1/service-accounts/{account.Id}/disable", new { }, null, cancellationToken);
        foreach (
            var user in (await AllAsync<UserBody>("/api/v1/users?", cancellationToken)).Where(u =>
                u.State != "disabled" && DemoCast.Teams.Any(team => team.OwnerEmail == u.Email)
            )
        )
            await PostAsync<UserBody>($"/api/v1/users/{user.Id}/disable", new { }, null, cancellationToken);
        state.AuditorToken = null;
        log.Info("The demo is gone. Its teams stay, empty, and so does the trail of what was done.");
    }

    private async Task<IReadOnlyList<T>> AllAsync<T>(string path, CancellationToken cancellationToken)
    {
        var all = new List<T>();
        string? cursor = null;
        do
        {
            var query = path + "&limit=200" + (cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor));
            var page = await console.SendAsync<Page<T>>(HttpMethod.Get, query, null, null, cancellationToken);
            all.AddRange(page.Data);
            cursor = page.HasMore ? page.NextCursor : null;
        } while (cursor is not null);
        return all;
    }

    private async Task MakeTeamAsync(DemoTeam team, CancellationToken cancellationToken)
    {
        await OnceAsync(
            () =>
                PostAsync<TeamBody>(
                    "/api/v1/teams",
                    new CreateTeam { Slug = team.Slug, Name = team.Name },
                    $"demo-team-{team.Slug}",
                    cancellationToken
                ),
            $"team {team.Slug}"
        );
        var roles = new Dictionary<string, IReadOnlyList<string>> { [team.Slug] = ["team-admin"] };
        var person = new InviteUser
        {
            Email = team.OwnerEmail,
            DisplayName = team.OwnerName,
            Teams = roles,
        };
        var invited = await OnceAsync(
            () => PostAsync<UserBody>("/api/v1/users", person, null, cancellationToken),
            $"owner {team.OwnerEmail}"
        );
        // Here since an earlier demo, and disabled with its removal: an owner has to be enabled.
        if (invited is null && await FindUserAsync(team.OwnerEmail, cancellationToken) is { State: "disabled" } known)
            await PostAsync<UserBody>($"/api/v1/users/{known.Id}/enable", new { }, null, cancellationToken);
    }

    private async Task<UserBody?> FindUserAsync(string email, CancellationToken cancellationToken) =>
        (await AllAsync<UserBody>("/api/v1/users?", cancellationToken)).SingleOrDefault(user => user.Email == email);

    private async Task<string> KeyOfAsync(Passport passport, CancellationToken cancellationToken)
    {
        var papers = state.Of(passport.Slug);
        if (papers is not null && keys.Find(passport) is { } known)
        {
            var verdict = await console.VerifyKeyAsync(known, cancellationToken);
            var gone =
                verdict.Code is "key_unknown" or "agent_deleted"
                || (verdict.Code == "key_revoked" && !await IsThereAsync(passport.Slug, cancellationToken)); // taken away in the console
            if (!gone)
                return known; // also when it is paused or disabled: a person decided that, and the agent waits for it
            papers = null;
        }
        if (papers is null)
            state.Keep(passport.Slug, papers = new AgentPapers(Guid.NewGuid().ToString("n")));
        var key = await RegisterAsync(passport, papers.Attempt, cancellationToken);
        keys.Keep(passport, key);
        return key;
    }

    private async Task LetRotateAsync(Passport passport, string key, CancellationToken cancellationToken)
    {
        if ((await console.VerifyKeyAsync(key, cancellationToken)).KeyId is not { } id || state.Of(passport.Slug)?.MayRotate == id)
            return;
        await console.SendAsync<KeyBody>(
            HttpMethod.Patch,
            $"/api/v1/agents/{passport.Slug}/keys/{id}",
            new ChangeKey { SelfRotation = true, Reason = "This agent of the demo changes its key by itself." },
            null,
            cancellationToken
        );
        state.Keep(passport.Slug, state.Of(passport.Slug)! with { MayRotate = id });
        log.Info($"{passport.Slug} may change its own key.");
    }

    private async Task<IEnumerable<SinkBody>> SinksAsync(CancellationToken cancellationToken) =>
        (await AllAsync<SinkBody>("/api/v1/sinks?", cancellationToken)).Where(s =>
            s is { Name: DemoCast.SinkName, Team: null, Kind: "file" }
        );

    private async Task MakeSinkAsync(CancellationToken cancellationToken)
    {
        if (keys.Folder is not { } folder)
            return;
        var file = new FileSinkSettings
        {
            Root = folder,
            Path = KeyRing.SinkPath,
            Format = "env",
        };
        try
        {
            var sink = new SetSink
            {
                Name = DemoCast.SinkName,
                Kind = "file",
                File = file,
            };
            // One of an earlier demo leads to its data folder, which may lie elsewhere by now.
            foreach (var known in await SinksAsync(cancellationToken))
            {
                if (known.File == file)
                    return;
                await console.SendAsync<Nothing>(HttpMethod.Delete, $"/api/v1/sinks/{known.Id}", null, null, cancellationToken);
            }
            await PostAsync<SinkBody>("/api/v1/sinks", sink, null, cancellationToken);
            log.Info($"sink {DemoCast.SinkName} below {folder} is new.");
        }
        catch (ConsoleRefusal refusal)
        {
            // Such as: not on Linux, or the console was given other folders. The fleet does without.
            log.Warn($"The demo has no sink for keys: {refusal.Message}");
        }
    }

    private async Task<bool> IsThereAsync(string slug, CancellationToken cancellationToken)
    {
        try
        {
            await console.AgentAsync(slug, cancellationToken);
            return true;
        }
        catch (ConsoleRefusal refusal) when (refusal.Status == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    private async Task<string> RegisterAsync(Passport passport, string attempt, CancellationToken cancellationToken)
    {
        try
        {
            var agent = await console.RegisterAsync(BodyOf(passport), attempt, cancellationToken);
            if (agent.ApiKey is { } key)
            {
                log.Info($"{passport.Slug} is registered.");
                return key;
            }
        }
        catch (ConsoleRefusal refusal) when (refusal.Status == HttpStatusCode.Conflict)
        {
            // Registered by an earlier fleet whose keys are gone. It may take a new key only if it is the demo's own.
            if (!(await console.AgentAsync(passport.Slug, cancellationToken)).Tags.Contains(DemoCast.Tag))
                throw;
        }
        log.Info($"{passport.Slug} was registered before; it takes a new key.");
        var minted = await console.MintKeyAsync(
            passport.Slug,
            new MintKey { Name = "sample fleet", Reason = "The fleet that held the first key is gone." },
            attempt + "-key",
            cancellationToken
        );
        return minted.ApiKey
            ?? throw new ConsoleRefusal(HttpStatusCode.OK, "key_not_shown", $"The new key of {passport.Slug} was shown before.");
    }

    private async Task MakeAuditorAsync(CancellationToken cancellationToken)
    {
        if (state.AuditorToken is not null)
        {
            // Disabled when the demo was taken away in the console.
            var known = (await AllAsync<ServiceAccountBody>("/api/v1/service-accounts?", cancellationToken)).SingleOrDefault(a =>
                a.Name == DemoCast.AuditorName
            );
            if (known is { Disabled: true })
                await PostAsync<ServiceAccountBody>($"/api/v1/service-accounts/{known.Id}/enable", new { }, null, cancellationToken);
            if (known is not null)
                return;
        }
        var teams = DemoCast.Teams.Select(team => team.Slug).ToList();
        var account = await OnceAsync(
            () =>
                PostAsync<ServiceAccountBody>(
                    "/api/v1/service-accounts",
                    new CreateServiceAccount
                    {
                        Name = DemoCast.AuditorName,
                        Teams = teams.ToDictionary(team => team, IReadOnlyList<string> (_) => ["viewer"]),
                    },
                    null,
                    cancellationToken
                ),
            DemoCast.AuditorName
        );
        if (account is null)
        {
            account = (await AllAsync<ServiceAccountBody>("/api/v1/service-accounts?", cancellationToken)).Single(a =>
                a.Name == DemoCast.AuditorName
            );
            if (account.Disabled)
                await PostAsync<ServiceAccountBody>($"/api/v1/service-accounts/{account.Id}/enable", new { }, null, cancellationToken);
        }
        var token = await PostAsync<TokenBody>(
            "/api/v1/tokens",
            new CreateToken
            {
                Name = DemoCast.AuditorName,
                Scopes = ["runs:read"],
                Teams = teams,
                ServiceAccount = account.Id,
            },
            null,
            cancellationToken
        );
        state.AuditorToken = token.Token;
    }

    private static RegisterAgent BodyOf(Passport passport) =>
        new()
        {
            Slug = passport.Slug,
            DisplayName = passport.DisplayName,
            Description = passport.Description,
            Team = passport.Team,
            Owner = DemoCast.Team(passport.Team).OwnerEmail,
            Environment = passport.Environment,
            Version = Roster.Version,
            Tags = [DemoCast.Tag, .. passport.Tags],
            Metadata = Work.Element(
                new
                {
                    demo = true,
                    source = "AgentConsole.SampleFleet",
                    cadence_seconds = (int)passport.Cadence.TotalSeconds,
                }
            ),
            CaptureMode = passport.CaptureMode,
            Redactions = passport.Redactions.Count == 0 ? null : passport.Redactions,
            LeaseSeconds = 60,
            GraceSeconds = 60,
            Key = true,
        };

    private Task<T> PostAsync<T>(string path, object body, string? repeatKey, CancellationToken cancellationToken) =>
        console.SendAsync<T>(HttpMethod.Post, path, body, repeatKey, cancellationToken);

    // What is there already needs no making.
    private async Task<T?> OnceAsync<T>(Func<Task<T>> make, string what)
        where T : class
    {
        try
        {
            var made = await make();
            log.Info($"{what} is new.");
            return made;
        }
        catch (ConsoleRefusal refusal) when (refusal.Status == HttpStatusCode.Conflict)
        {
            return null;
        }
    }
}
