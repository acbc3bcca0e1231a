using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Trail;

/// <summary>
/// An export was cut off, because whoever asked for it may not have the rest: their credential ended, or they see less than when it was granted. What was
/// written is no whole file, and whoever carries it must break off visibly.
/// </summary>
public sealed class ExportEndedException(Actor by, Problem problem) : Exception(problem.Detail)
{
    public Actor By { get; } = by;
    public Problem Problem { get; } = problem;
}

/// <summary>What an export was granted on: asked again for each part, because writing a long file outlives a token or a role.</summary>
internal sealed class ExportRight(ActorSource actors, Actor by, Permission read)
{
    private static readonly Problem SeesLess = new(
        ProblemKind.Forbidden,
        "export_ended",
        "You see less than when this export was granted; the rest was not written. Export again for what you see now."
    );

    private readonly TeamScope _granted = by.TeamsWith(read);

    /// <summary>Whoever asked, with the rights of this moment; throws <see cref="ExportEndedException"/> when they may not have all of the file any more.</summary>
    public Actor Now()
    {
        if (!actors.Again(by).Try(out var now, out var ended))
            throw new ExportEndedException(by, ended);
        var scope = now.TeamsWith(read);
        return scope.All || (!_granted.All && _granted.Ids.All(scope.Has)) ? now : throw new ExportEndedException(now, SeesLess);
    }
}
