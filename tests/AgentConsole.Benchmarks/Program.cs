using System.Globalization;
using AgentConsole.Benchmarks;
using AgentConsole.Benchmarks.Baselines;
using AgentConsole.Benchmarks.Lines;
using AgentConsole.Testing;

if (args is [BareKestrel.Command, var port, var parse, var answer, var type])
{
    await BareKestrel.ServeAsync(port, parse, answer, type);
    return 0;
}

IReadOnlyList<ILine> lines =
[
    new SingleRuns(),
    new Batches(Database.Sqlite),
    new Batches(Database.PostgreSql),
    new KeyChecks(),
    new AgentReads(),
    new Plans(),
    new FacetCounts(),
    new FleetRows(),
    new PaletteAnswers(),
    new Timelines(),
    new RunLists(),
    new LiveRows(),
    new Circuits(),
    new ColdStart(),
    new Soak(),
    new Kills(),
    new Rotations(),
    new BulkRotation(),
    new RotationKills(),
    new Verdicts(),
    new RouteReads(),
    new HeldRoutes(),
];
var pace = new Pace(Quick: args.Contains("--quick"));
var names = args.Where(a => !a.StartsWith('-')).ToList();
if (names.Except(lines.Select(l => l.Name)).ToList() is { Count: > 0 } unknown)
{
    await Console.Error.WriteLineAsync(
        $"Unknown: {string.Join(", ", unknown)}. There are: {string.Join(", ", lines.Select(l => l.Name))}; --quick measures shorter."
    );
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
Console.WriteLine(
    $"{Environment.ProcessorCount} cores shared by server and load; medians of {pace.Pairs} interleaved pairs of {pace.Turn.TotalSeconds:N0} s"
);
var kept = true;
foreach (var line in lines.Where(l => names.Count == 0 || names.Contains(l.Name)))
{
    foreach (var figure in await line.MeasureAsync(pace, stop.Token))
    {
        kept &= figure.Kept is not false;
        Console.WriteLine(Row(line.Name, figure));
    }
}
return kept ? 0 : 1;

static string Row(string line, Figure figure)
{
    var sign = figure.AtLeast ? "≥" : "≤";
    var value = string.Create(CultureInfo.InvariantCulture, $"{figure.Value:0.00}{figure.Unit}");
    var limit = figure.Limit is { } l ? string.Create(CultureInfo.InvariantCulture, $"{sign} {l:0.##}{figure.Unit}") : "";
    var aim = figure.Aim is { } a ? string.Create(CultureInfo.InvariantCulture, $"aim {sign} {a:0.##}{figure.Unit}") : "";
    var verdict = figure.Kept switch
    {
        true => "kept",
        false => "MISSED",
        null => "",
    };
    verdict += figure.Reached switch
    {
        true => " aim reached",
        false => " aim missed",
        null => "",
    };
    return $"{line, -15} {figure.What, -82} {value, 12} {limit, -12} {aim, -14} {verdict.Trim(), -18} {figure.Detail}";
}
