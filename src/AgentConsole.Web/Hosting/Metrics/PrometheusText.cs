using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Hosting.Metrics;

/// <summary>
/// The figures of this process in Prometheus' text form, version 0.0.4: requests from the endpoints' own counters, everything else from the
/// instruments of the meters named here. Written by hand because no exporter package that restores everywhere writes this form.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    private static readonly string[] Meters = ["AgentConsole", "Microsoft.AspNetCore.Components.Server.Circuits", "System.Runtime"];
    private static readonly double[] Seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private static readonly double[] Counts = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000];

    private readonly RequestFigures _requests;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Family> _families = new(StringComparer.Ordinal);

    public PrometheusText(RequestFigures requests)
    {
        _requests = requests;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Meters.Contains(instrument.Meter.Name))
                listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
        };
        _listener.SetMeasurementEventCallback<long>((_, value, tags, family) => ((Family)family!).Note(value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, family) => ((Family)family!).Note(value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, family) => ((Family)family!).Note(value, tags));
        _listener.Start();
    }

    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder(16_384);
        WriteRequests(text);
        foreach (var family in _families.Values.OrderBy(f => f.Name, StringComparer.Ordinal))
            family.Write(text);
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private void WriteRequests(StringBuilder text)
    {
        var all = _requests.All;
        text.Append("# TYPE agentconsole_requests_total counter\n");
        foreach (var figures in all)
        {
            var classes = figures.ByClass;
            for (var i = 1; i < classes.Count; i++)
            {
                if (classes[i] > 0)
                    text.Append(
                        CultureInfo.InvariantCulture,
                        $"agentconsole_requests_total{{method=\"{figures.Method}\",route=\"{Escape(figures.Route)}\",status=\"{i}xx\"}} {classes[i]}\n"
                    );
            }
        }
        text.Append("# TYPE agentconsole_request_seconds histogram\n");
        foreach (var figures in all.Where(f => f.Buckets.Any(b => b > 0)))
            WriteHistogram(
                text,
                "agentconsole_request_seconds",
                $"method=\"{figures.Method}\",route=\"{Escape(figures.Route)}\"",
                RouteFigures.Bounds,
                figures.Buckets,
                figures.TotalSeconds
            );
    }

    private static void WriteHistogram(
        StringBuilder text,
        string name,
        string labels,
        double[] bounds,
        IReadOnlyList<long> buckets,
        double sum
    )
    {
        var comma = labels.Length > 0 ? "," : "";
        var braces = labels.Length > 0 ? "{" + labels + "}" : "";
        long below = 0;
        for (var i = 0; i < bounds.Length; i++)
        {
            below += buckets[i];
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels}{comma}le=\"{bounds[i]}\"}} {below}\n");
        }
        below += buckets[bounds.Length];
        text.Append(
            CultureInfo.InvariantCulture,
            $"{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {below}\n{name}_sum{braces} {sum}\n{name}_count{braces} {below}\n"
        );
    }

    private Family FamilyOf(Instrument instrument)
    {
        var kind = instrument.GetType().GetGenericTypeDefinition();
        var name = Name(instrument.Name);
        return kind == typeof(Histogram<>) ? Of(name, "histogram", Series.Observing, instrument.Unit == "s" ? Seconds : Counts)
            : kind == typeof(Counter<>) ? Of(name + "_total", "counter", Series.Adding)
            : kind == typeof(ObservableCounter<>) ? Of(name + "_total", "counter", Series.Setting)
            : kind == typeof(UpDownCounter<>) ? Of(name, "gauge", Series.Adding)
            : Of(name, "gauge", Series.Setting);
    }

    private Family Of(string name, string type, Action<Series, double> note, double[]? bounds = null) =>
        _families.GetOrAdd(name, _ => new Family(name, type, note, bounds ?? []));

    private static string Name(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    private static string Escape(string value) =>
        value
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    /// <summary>Everything of one name; one series for each set of labels.</summary>
    private sealed class Family(string name, string type, Action<Series, double> note, double[] bounds)
    {
        private readonly ConcurrentDictionary<string, Series> _byLabels = new(StringComparer.Ordinal);

        public string Name => name;

        public void Note(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = "";
            foreach (var (key, tag) in tags)
                labels += $"{(labels.Length > 0 ? "," : "")}{PrometheusText.Name(key)}=\"{Escape(tag?.ToString() ?? "")}\"";
            note(_byLabels.GetOrAdd(labels, static (_, bounds) => new Series(bounds), bounds), value);
        }

        public void Write(StringBuilder text)
        {
            if (_byLabels.IsEmpty)
                return;
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n");
            foreach (var (labels, series) in _byLabels.OrderBy(s => s.Key, StringComparer.Ordinal))
                series.Write(text, name, labels);
        }
    }

    /// <param name="bounds">Of a histogram's buckets; empty for a single value.</param>
    private sealed class Series(double[] bounds)
    {
        private readonly Lock _lock = new();
        private readonly long[] _buckets = new long[bounds.Length + 1];
        private double _value;

        public static void Setting(Series series, double value)
        {
            lock (series._lock)
                series._value = value;
        }

        public static void Adding(Series series, double value)
        {
            lock (series._lock)
                series._value += value;
        }

        public static void Observing(Series series, double value)
        {
            var bucket = 0;
            while (bucket < series.Bounds.Length && value > series.Bounds[bucket])
                bucket++;
            lock (series._lock)
            {
                series._buckets[bucket]++;
                series._value += value;
            }
        }

        private double[] Bounds => bounds;

        public void Write(StringBuilder text, string name, string labels)
        {
            lock (_lock)
            {
                if (bounds.Length > 0)
                    WriteHistogram(text, name, labels, bounds, _buckets, _value);
                else
                    text.Append(CultureInfo.InvariantCulture, $"{name}{(labels.Length > 0 ? "{" + labels + "}" : "")} {_value}\n");
            }
        }
    }
}
