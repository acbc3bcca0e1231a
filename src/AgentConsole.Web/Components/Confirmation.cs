using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using Microsoft.JSInterop;

namespace AgentConsole.Web.Components;

/// <summary>Asks the person at an open page to confirm who they are. Password and passkey pass from the browser to a form of ours, not through the circuit.</summary>
public sealed class Confirmation(IJSRuntime script)
{
    /// <summary>Does the act; where it is refused for want of a fresh proof, asks for that and does it once more.</summary>
    /// <returns>What the act said; its refusal when the person did not confirm.</returns>
    public async Task<Outcome<T>> RunAsync<T>(Func<Task<Outcome<T>>> act, CancellationToken left)
        where T : notnull
    {
        var done = await act();
        if (done.Problem?.Code != StepUp.Code)
            return done;
        try
        {
            // A person may take minutes: no time limit but the page's end.
            return await script.InvokeAsync<bool>("agentConsoleConfirm", left) ? await act() : done;
        }
        catch (JSException)
        {
            return done;
        }
    }
}
