using System.Globalization;
using System.Text;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Components;

namespace AgentConsole.Web.Agents;

/// <summary>24 hourly bars as ready markup: two paths a row instead of two components.</summary>
internal static class FleetBars
{
    public static string Draw(RunSeries day)
    {
        var most = Math.Max(1, day.Ok.Zip(day.Failed, (ok, failed) => ok + failed).Max());
        var (well, bad) = (new StringBuilder(), new StringBuilder());
        for (var hour = 0; hour < day.Ok.Count; hour++)
        {
            // A failure is never invisible, however small its share.
            var red = day.Failed[hour] == 0 ? 0 : Math.Max(2, day.Failed[hour] * 18.0 / most);
            var top = Math.Min(18 - red, 18 - ((day.Ok[hour] + day.Failed[hour]) * 18.0 / most));
            if (18 - red - top > 0.05)
                Bar(well, hour, 18 - red, top);
            if (red > 0)
                Bar(bad, hour, 18, 18 - red);
        }
        var label = $"Runs per hour, last 24 h: {Words.Exact(day.Total)} in all, {Words.Exact(day.Failed.Sum())} failed";
        return $"<svg class=\"sp\" viewBox=\"0 0 96 18\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{label}\"><path class=\"b\" d=\"{well}\"/><path class=\"bf\" d=\"{bad}\"/></svg>";
    }

    private static void Bar(StringBuilder path, int hour, double from, double to) =>
        path.Append(CultureInfo.InvariantCulture, $"M{hour * 4} {from:0.#}V{to:0.#}h3V{from:0.#}z");
}
