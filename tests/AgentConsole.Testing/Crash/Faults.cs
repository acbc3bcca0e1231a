using System.Diagnostics;
using System.Globalization;

namespace AgentConsole.Testing.Crash;

/// <summary>
/// Ends a console, as <c>kill -9</c> does, on one side of a commit: just before it, so that nothing was written, or just after it, so that nobody was told.
/// Between two commits there is no state that a crash could leave.
/// </summary>
public sealed class Faults
{
    internal const string Variable = "AGENTCONSOLE_TEST_FAULT_FILE";

    private readonly string _file;

    /// <param name="folder">A folder of the test's own.</param>
    public Faults(string folder) => _file = Path.Combine(folder, "fault");

    /// <summary>What a console needs to be told at its start.</summary>
    public IReadOnlyDictionary<string, string?> Settings =>
        new Dictionary<string, string?> { ["DOTNET_STARTUP_HOOKS"] = typeof(Faults).Assembly.Location, [Variable] = _file };

    /// <summary>The process ends at the n-th commit from now on.</summary>
    public void Arm(bool afterCommit, int commit) =>
        File.WriteAllText(_file, string.Create(CultureInfo.InvariantCulture, $"{(afterCommit ? "after" : "before")} {commit}"));

    public bool IsArmed => File.Exists(_file);

    public void Disarm() => File.Delete(_file);
}

/// <summary>Hears of every transaction of EF Core.</summary>
internal sealed class FaultListener(string file) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    private const string Ef = "Microsoft.EntityFrameworkCore";
    private const string Before = $"{Ef}.Database.Transaction.TransactionCommitting";
    private const string After = $"{Ef}.Database.Transaction.TransactionCommitted";
    private string? _armed;
    private int _commits;

    public void OnNext(DiagnosticListener value)
    {
        if (value.Name == Ef)
            value.Subscribe(this, name => name is Before or After);
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        lock (this)
        {
            if (!File.Exists(file))
                return;
            var armed = File.ReadAllText(file);
            if (armed != _armed)
                (_armed, _commits) = (armed, 0);
            if (armed.Split(' ') is not [var side, var number] || value.Key != (side == "after" ? After : Before))
                return;
            if (++_commits == int.Parse(number, CultureInfo.InvariantCulture))
                Process.GetCurrentProcess().Kill();
        }
    }

    public void OnCompleted() { }

    public void OnError(Exception error) { }
}
