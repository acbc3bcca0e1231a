using AgentConsole.SampleFleet.Client;
using AgentConsole.SampleFleet.Demo;
using AgentConsole.SampleFleet.Running;

namespace AgentConsole.SampleFleet.Keys;

/// <summary>Where the keys of the fleet's agents lie, and who brings their next versions.</summary>
public sealed class KeyRing(FleetOptions options, HttpClient http, FleetState state, FleetLog log, TimeProvider clock)
{
    /// <summary>As the sink of the demo fills it in.</summary>
    public const string SinkPath = "{team}/{agent}.env";

    /// <summary>The folder below which the console may write; null where it writes none.</summary>
    public string? Folder => options.KeyFolder;

    /// <summary>The key as it lies there; null while the agent has none.</summary>
    public string? Find(Passport passport) => FileOf(passport)?.Read() ?? state.Of(passport.Slug)?.Key;

    /// <summary>An agent with a key that was handed to it; from now on the key may change.</summary>
    public Member Join(FleetAgent agent, string key)
    {
        var passport = agent.Passport;
        if (FileOf(passport) is { } file)
        {
            if (file.Read() is null)
                file.Write(key);
            var holder = new KeyHolder(key, file.Read);
            return new Member(
                agent,
                new FleetClient(http, holder, clock),
                new KeyFileWatch(passport.Slug, file, holder, found => new FleetClient(http, found, clock), log, clock).RunAsync
            );
        }
        if (passport.KeyCare == KeyCare.Self)
        {
            var holder = new KeyHolder(key);
            var console = new FleetClient(http, holder, clock);
            var rotation = new SelfRotation(passport.Slug, console, holder, state, log, clock);
            return new Member(agent, console, stopping => rotation.RunAsync(options.FirstRotation, stopping));
        }
        return new Member(agent, new FleetClient(http, key, clock));
    }

    /// <summary>Puts down the agent's first key.</summary>
    public void Keep(Passport passport, string key)
    {
        if (state.Of(passport.Slug) is { } papers)
            state.Keep(passport.Slug, papers with { Key = key });
        FileOf(passport)?.Write(key);
    }

    /// <summary>Those of these agents whose keys the demo's key owner looks after.</summary>
    public DemoKeys CaredFor(IEnumerable<FleetAgent> agents)
    {
        var byCare = agents.ToLookup(agent => agent.Passport.KeyCare, agent => agent.Passport.Slug);
        return new DemoKeys(Folder is null ? [] : [.. byCare[KeyCare.File]], [.. byCare[KeyCare.Self]]);
    }

    /// <summary>Takes away what lies in files.</summary>
    public void Clear()
    {
        if (Folder is null)
            return;
        foreach (var team in DemoCast.Teams.Select(team => Path.Combine(Folder, team.Slug)).Where(Directory.Exists))
            Directory.Delete(team, recursive: true);
    }

    private KeyFile? FileOf(Passport passport) =>
        Folder is not null && passport.KeyCare == KeyCare.File
            ? new KeyFile(Path.Combine(Folder, passport.Team, passport.Slug + ".env"))
            : null;
}
