using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Trail;

/// <summary>Who was faster than an edit.</summary>
internal static class Meanwhile
{
    /// <summary>The refusal of an edit of an old version. It says who changed it and when to those who may read that on the trail.</summary>
    /// <param name="noun">As people say it; its records begin with it.</param>
    /// <param name="actions">Those that change it, where not every record of it does.</param>
    public static async Task<Problem> ChangedAsync(
        this Write write,
        Actor by,
        string noun,
        Guid target,
        CancellationToken cancellationToken,
        params string[] actions
    )
    {
        if (!by.HasScope(TokenScopes.TrailRead))
            return Problem.Changed(noun); // a token that may not read the trail learns nothing of it here
        var kind = noun.Replace(' ', '-') + ".";
        // No team is named, so nothing is looked up in the snapshot.
        var latest = await new TrailFilter { Outcome = TrailOutcome.Done }
            .Apply(write.Db, by, new AccessSnapshot())!
            .AsNoTracking()
            .Where(r => r.TargetId == target && (actions.Length == 0 ? r.Action.StartsWith(kind) : actions.Contains(r.Action)))
            .OrderByDescending(r => r.Seq)
            .Select(r => new
            {
                r.ActorId,
                r.ActorLabel,
                r.At,
            })
            .FirstOrDefaultAsync(cancellationToken);
        if (latest is not { ActorLabel: { } label })
            return Problem.Changed(noun);
        return Problem.Changed(noun, latest.ActorId is { } actor && actor == by.Id ? "You" : label, write.Now - latest.At);
    }
}
