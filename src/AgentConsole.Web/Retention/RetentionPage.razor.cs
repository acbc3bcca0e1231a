using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Retention;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Retention;

/// <summary>How long things are kept, what would go now, and what went. Limits are saved only after their effect was seen.</summary>
public sealed partial class RetentionPage
{
    private sealed class Limit(string name, string label, string help)
    {
        public string Name => name;
        public string Label => label;
        public string Help => help;
        public string? Text { get; set; }
    }

    private readonly Limit[] _limits =
    [
        new("run_days", "Runs", "Ended runs with their steps."),
        new("step_days", "Steps", "Steps alone; not longer than runs."),
        new("content_days", "Content", "Messages, arguments, results; not longer than steps."),
        new("liveness_days", "Liveness changes", "When agents were live, late, silent."),
        new("session_days", "Ended sessions", "Browsers that people had signed in with."),
    ];

    private RetentionBody? _now;
    private RetentionPreview? _preview;
    private Problem? _problem;
    private string? _mayNot;
    private bool _hold;
    private string? _holdReason;
    private readonly Submission _saving = new("retention");
    private string? _seen;
    private long _revision; // of what the fields show
    private IReadOnlyDictionary<string, string[]>? _errors;

    [Inject]
    public required Toasts Toasts { get; init; }

    [Inject]
    public required RetentionService Retention { get; init; }

    private string Key => string.Join('/', _limits.Select(l => l.Text?.Trim()).Append(_hold ? "hold" : ""));

    protected override async Task OpenAsync()
    {
        _mayNot = WhyNot(Permission.ManageOrganization);
        if (_mayNot is not null)
            return;
        await FillAsync();
    }

    private async Task FillAsync()
    {
        await ReloadAsync();
        if (_now is null)
            return;
        int?[] set = [_now.RunDays, _now.StepDays, _now.ContentDays, _now.LivenessDays, _now.SessionDays];
        for (var i = 0; i < set.Length; i++)
            _limits[i].Text = set[i]?.ToString(CultureInfo.InvariantCulture);
        (_hold, _holdReason, _revision) = (_now.LegalHold, _now.HoldReason, _now.Revision);
        _seen = Key;
    }

    private async Task ReloadAsync()
    {
        if (_mayNot is not null)
            return;
        var read = await Retention.GetAsync(Me, Left);
        _problem = read.Problem;
        _now = read.Problem is null ? read.Value : _now;
    }

    private async Task PreviewAsync()
    {
        var preview = await Retention.PreviewAsync(Me, name => _limits.First(l => l.Name == name).Text?.Trim() ?? "", Left);
        Take(preview.Problem);
        if (preview.Problem is null)
            (_preview, _seen) = (preview.Value, Key);
    }

    private async Task SaveAsync()
    {
        var errors = new FieldErrors();
        var days = _limits
            .Select(l =>
            {
                if (string.IsNullOrWhiteSpace(l.Text))
                    return (int?)null;
                if (int.TryParse(l.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
                    return value;
                errors.Add(l.Name, "Must be a whole number of days.");
                return null;
            })
            .ToArray();
        if (errors.ToProblem() is { } invalid)
        {
            Take(invalid);
            return;
        }
        var body = new SetRetention
        {
            RunDays = days[0],
            StepDays = days[1],
            ContentDays = days[2],
            LivenessDays = days[3],
            SessionDays = days[4],
            LegalHold = _hold,
            HoldReason = _holdReason,
        };
        var saved = await Once.RunAsync(_saving, Me, body, me => Retention.SetAsync(me, _revision, body, Left), Left);
        Take(saved.Problem);
        if (saved.Problem is not null)
            return;
        (_now, _preview, _revision, _seen) = (saved.Value, null, saved.Value.Revision, Key);
        Toasts.Show("Saved; it counts from the next removal on");
    }

    private void Take(Problem? problem)
    {
        _errors = problem?.Errors;
        _problem = problem?.Errors is null ? problem : null;
    }

    private static string Bytes(long bytes) =>
        bytes switch
        {
            < 1024 => $"{bytes} B",
            < 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB"),
            < 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MiB"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1073741824.0:0.#} GiB"),
        };
}
