using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server.Circuits;

namespace AgentConsole.Web.Account;

/// <summary>What a person does on an open page keeps the session alive, as requests do.</summary>
internal sealed class SessionCircuit(AuthenticationStateProvider authentication, SessionUse use) : CircuitHandler
{
    private Guid? _session;

    public override async Task OnCircuitOpenedAsync(Circuit circuit, CancellationToken cancellationToken)
    {
        if (SessionPrincipal.TryRead((await authentication.GetAuthenticationStateAsync()).User, out _, out var session))
            _session = session;
    }

    public override Func<CircuitInboundActivityContext, Task> CreateInboundActivityHandler(
        Func<CircuitInboundActivityContext, Task> next
    ) =>
        activity =>
        {
            if (_session is { } session)
                use.Note(session);
            return next(activity);
        };
}
