namespace AgentConsole.SampleFleet.Demo;

/// <summary>A team of the demo and the person who answers for its agents. The addresses lead nowhere: the domain is reserved for examples.</summary>
public sealed record DemoTeam(string Slug, string Name, string OwnerEmail, string OwnerName);

/// <summary>Who plays in the demo. Everything is found again by these names and by the tag.</summary>
public static class DemoCast
{
    /// <summary>Tag of every agent of the demo; what carries it is taken away with it.</summary>
    public const string Tag = "demo";

    /// <summary>The file sink that brings new keys to agents of the demo.</summary>
    public const string SinkName = "demo-key-files";
    public const string AuditorName = "demo-run-auditor";

    public static readonly IReadOnlyList<DemoTeam> Teams =
    [
        new("platform", "Platform", "ines@demo.example", "Ines Alvarado (demo)"),
        new("finance", "Finance", "tomas@demo.example", "Tomás Okafor (demo)"),
        new("support", "Support", "mei@demo.example", "Mei Lindqvist (demo)"),
    ];

    public static DemoTeam Team(string slug) => Teams.Single(team => team.Slug == slug);
}
