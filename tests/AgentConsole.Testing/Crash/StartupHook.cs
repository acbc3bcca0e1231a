using System.Diagnostics;
using AgentConsole.Testing.Crash;

/// <summary>
/// Run by the runtime before the console's own <c>Main</c> where <c>DOTNET_STARTUP_HOOKS</c> names this assembly: the console itself knows nothing of faults.
/// Such a class has no namespace, by the runtime's contract.
/// </summary>
#pragma warning disable MA0047, CA1050 // the runtime looks for this very name
internal static class StartupHook
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Faults.Variable) is { Length: > 0 } file)
            DiagnosticListener.AllListeners.Subscribe(new FaultListener(file));
    }
}
#pragma warning restore MA0047, CA1050
