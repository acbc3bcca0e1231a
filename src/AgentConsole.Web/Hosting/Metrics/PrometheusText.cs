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
    private static readonly double[] Bounds =
    [
        0.0005,
        0.001,
        0.0025,
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        0.5,
        1,
        2.5,
        5,
        10,
        100,
        1000,
        10000,
    ];

    private readonly IReadOnlyList<EndpointDataSource> _endpoints;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(string Name, string Labels), Series> _series = new();

    public PrometheusText(IEnumerable<EndpointDataSource> endpoints)
    {
        _endpoints = [.. endpoints];
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Meters.Contains(instrument.Meter.Name))
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        _listener.Start();
    }

    public string Write()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder(16_384);
        WriteRequests(text);
        foreach (var family in _series.OrderBy(s => s.Key.Name, StringComparer.Ordinal).GroupBy(s => s.Key.Name))
        {
            var first = family.First().Value;
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {family.Key} {first.Type}\n");
            foreach (var ((name, labels), series) in family)
                series.Write(text, name, labels);
        }
        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private void WriteRequests(StringBuilder text)
    {
        var all = _endpoints
            .SelectMany(source => source.Endpoints)
            .Select(e => e.Metadata.GetMetadata<RouteFigures>())
            .OfType<RouteFigures>()
            .Distinct()
            .ToList();
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

    private void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = "";
        foreach (var (key, tag) in tags)
            labels += $"{(labels.Length > 0 ? "," : "")}{Name(key)}=\"{Escape(tag?.ToString() ?? "")}\"";
        var kind = instrument.GetType().GetGenericTypeDefinition();
        var name = Name(instrument.Name);
        if (kind == typeof(Histogram<>))
            _series.GetOrAdd((name, labels), _ => new Series("histogram")).Observe(value);
        else if (kind == typeof(Counter<>))
            _series.GetOrAdd((name + "_total", labels), _ => new Series("counter")).Add(value);
        else if (kind == typeof(ObservableCounter<>))
            _series.GetOrAdd((name + "_total", labels), _ => new Series("counter")).Set(value);
        else if (kind == typeof(UpDownCounter<>))
            _series.GetOrAdd((name, labels), _ => new Series("gauge")).Add(value);
        else
            _series.GetOrAdd((name, labels), _ => new Series("gauge")).Set(value);
    }

    private static string Name(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    private static string Escape(string value) =>
        value
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    private sealed class Series(string type)
    {
        private readonly Lock _lock = new();
        private readonly long[] _buckets = new long[Bounds.Length + 1];
        private double _value;

        public string Type => type;

        public void Set(double value)
        {
            lock (_lock)
                _value = value;
        }

        public void Add(double value)
        {
            lock (_lock)
                _value += value;
        }

        public void Observe(double value)
        {
            var bucket = 0;
            while (bucket < Bounds.Length && value > Bounds[bucket])
                bucket++;
            lock (_lock)
            {
                _buckets[bucket]++;
                _value += value;
            }
        }

        public void Write(StringBuilder text, string name, string labels)
        {
            lock (_lock)
            {
                if (type == "histogram")
                    WriteHistogram(text, name, labels, Bounds, _buckets, _value);
                else
                    text.Append(CultureInfo.InvariantCulture, $"{name}{(labels.Length > 0 ? "{" + labels + "}" : "")} {_value}\n");
            }
        }
    }
}
