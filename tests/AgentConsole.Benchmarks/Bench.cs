using AgentConsole.Benchmarks.Load;

namespace AgentConsole.Benchmarks;

/// <summary>One measured figure against what is asked of it.</summary>
/// <param name="Limit">The bound it must keep; null for a figure that stands for information.</param>
/// <param name="AtLeast">The bound is a floor, not a ceiling.</param>
/// <param name="Aim">Beyond the bound: reported, not demanded.</param>
internal sealed record Figure(string What, double Value, string Unit, double? Limit, bool AtLeast, double? Aim = null, string Detail = "")
{
    public bool? Kept => Limit is { } limit ? (AtLeast ? Value >= limit : Value <= limit) : null;
    public bool? Reached => Aim is { } aim ? (AtLeast ? Value >= aim : Value <= aim) : null;
}

/// <summary>A line of the table: it sets its scene up, measures and cleans up.</summary>
internal interface ILine
{
    /// <summary>The name by which it is chosen on the command line.</summary>
    string Name { get; }

    Task<IReadOnlyList<Figure>> MeasureAsync(Pace pace, CancellationToken cancellationToken);
}

/// <summary>How long and how often.</summary>
internal sealed record Pace(bool Quick)
{
    public int Pairs => Quick ? 3 : 7;
    public TimeSpan Turn => TimeSpan.FromSeconds(Quick ? 1 : 3);
    public TimeSpan WarmUp => TimeSpan.FromSeconds(Quick ? 3 : 6);

    /// <summary>Measures two things in turns and keeps the pair whose ratio is the median, so that what else the machine does meets both.</summary>
    public async Task<(T First, T Second, double Ratio)> PairsAsync<T>(Func<Task<T>> first, Func<Task<T>> second, Func<T, T, double> ratio)
    {
        var pairs = new List<(T First, T Second, double Ratio)>();
        for (var i = 0; i < Pairs; i++)
        {
            T one,
                two;
            if (i % 2 == 0)
            {
                one = await first();
                two = await second();
            }
            else
            {
                two = await second();
                one = await first();
            }
            pairs.Add((one, two, ratio(one, two)));
        }
        return pairs.OrderBy(p => p.Ratio).ElementAt(pairs.Count / 2);
    }

    public Task<(LoadResult First, LoadResult Second, double Ratio)> PairsAsync(HttpLoad first, HttpLoad second) =>
        PairsAsync(() => first.RunAsync(Turn), () => second.RunAsync(Turn), (a, b) => a.PerSecond / b.PerSecond);
}
