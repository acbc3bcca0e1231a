using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Bunit;

namespace AgentConsole.Web.Tests;

/// <summary>Lets bUnit find the AngleSharp.Diffing that the build copied beside it, see the project file.</summary>
internal static class BunitShim
{
    [ModuleInitializer]
    internal static void Initialize()
    {
        BunitContext.DefaultWaitTimeout = TimeSpan.FromSeconds(15);
        AssemblyLoadContext.Default.Resolving += (context, name) =>
            name.Name == "AngleSharp.Diffing"
                ? context.LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, "AngleSharp.Diffing.dll"))
                : null;
    }
}
