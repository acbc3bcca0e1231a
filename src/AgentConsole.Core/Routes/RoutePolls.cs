using System.Diagnostics.Metrics;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Routes;

/// <summary>How many calls are held until routes change: on this node, and of one credential, so that one cannot take the place of all.</summary>
public sealed class RoutePolls
{
    public const int Most = 20_000;
    public const int MostOfCredential = 10_000;
    public const int MostOfAgent = 100;

    private static readonly Problem TooMany = new(
        ProblemKind.TooMany,
        "too_many_polls",
        "As many calls wait for routes as this node holds, or as one credential may have. Ask without wait, or later."
    )
    {
        RetryAfterSeconds = 5,
    };

    private static readonly Meter Meter = new("AgentConsole");
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, int> _ofCredential = [];
    private int _waiting;

    public RoutePolls() =>
        Meter.CreateObservableGauge("agentconsole.route.polls", () => Waiting, description: "Calls that are held until routes change");

    /// <summary>Calls that wait on this node.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <returns>Why there is no place for it; else null, and <see cref="Leave"/> must follow.</returns>
    internal Problem? Enter(Actor by)
    {
        lock (_lock)
        {
            var credential = by.CredentialId ?? Guid.Empty;
            var own = _ofCredential.GetValueOrDefault(credential);
            if (_waiting >= Most || own >= (by.Kind == ActorKind.Agent ? MostOfAgent : MostOfCredential))
                return TooMany;
            _ofCredential[credential] = own + 1;
            _waiting++;
            return null;
        }
    }

    internal void Leave(Guid? credential)
    {
        lock (_lock)
        {
            _waiting--;
            var key = credential ?? Guid.Empty;
            if (--_ofCredential[key] == 0)
                _ofCredential.Remove(key);
        }
    }
}
