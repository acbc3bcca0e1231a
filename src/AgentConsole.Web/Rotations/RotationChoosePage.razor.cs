using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Sinks;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Rotations;

/// <summary>The first step: what is rotated and how, beside who uses it. It ends in a planned rotation, of which nothing is made yet.</summary>
public sealed partial class RotationChoosePage
{
    internal static readonly IReadOnlyList<int> Graces = [0, 3600, 86_400, 604_800];
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CountAgain = TimeSpan.FromMinutes(1);
    private readonly Submission _planning = new("rotation-plan");
    private List<KeyBody>? _keys;
    private IReadOnlyList<SinkChoice> _sinks = [];
    private KeyUseBody? _use;
    private Problem? _problem;
    private string? _mayNot;
    private (string?, string?) _shown;
    private bool _busy;
    private bool _reading;
    private DateTimeOffset _countedAt;
    private ITimer? _timer;
    private int _grace = (int)Rotation.UsualGrace.TotalSeconds;
    private int _hours = 48;
    private bool _autoExtend;
    private bool _revoke;
    private string _days = "90";
    private string _sink = "";
    private string _why = "";

    [Inject]
    public required RotationService Rotations { get; init; }

    [Inject]
    public required KeyUses Uses { get; init; }

    [Inject]
    public required KeyService Keys { get; init; }

    [Inject]
    public required SinkService Sinks { get; init; }

    [SupplyParameterFromQuery]
    public string? Agent { get; set; }

    /// <summary>Id of the key, or of one of its versions.</summary>
    [SupplyParameterFromQuery]
    public string? Key { get; set; }

    /// <summary><c>keys</c> or <c>agents</c>: many at once, by the filter of that list in the other members of the address.</summary>
    [SupplyParameterFromQuery]
    public string? Set { get; set; }

    private MakeKeyBulk? _set;
    private string? _setSays;

    private string Consequence =>
        _grace switch
        {
            0 => "Whoever has not moved is refused the moment the new secret is made.",
            _ => "Old and new are both accepted meanwhile. Then the old one is refused, and can be enabled again for 7 days.",
        };

    private int Grace => _grace == -1 ? _hours * 3600 : _grace;

    // What follows, and when, if one goes on without a pause.
    private IEnumerable<string> WillHappen
    {
        get
        {
            var (old, now) = (_use!.KeyVersion, Now);
            yield return _sink.Length == 0
                ? "In the next step a new secret is made, and shown to you once. Nothing changes before."
                : "In the next step a new secret is made, written into the sink and read back. If that fails, nothing changes for callers.";
            yield return (_use.Accepted, Grace) switch
            {
                (false, _) => "It works at once. No older one works.",
                (_, 0) when _revoke => $"Version {old} is revoked at that moment, for good: whoever has not moved is refused.",
                (_, 0) =>
                    $"Version {old} is refused at that moment, and can be enabled again until {Words.Exact(now + Rotation.UsualWindow)}.",
                var (_, grace) =>
                    $"Both work until {Words.Exact(now.AddSeconds(grace))}{(_autoExtend ? ", and longer while somebody still uses version " + old.ToString(CultureInfo.InvariantCulture) : "")}. You may cut over as soon as every caller has moved.",
            };
            if (_use.Accepted && Grace > 0)
                yield return $"Then version {old} is refused, and can be enabled again for 7 days. After those it is revoked, if the new one was ever used.";
            if (int.TryParse(_days, CultureInfo.InvariantCulture, out var days))
                yield return $"The new secret ends by itself on {Words.Exact(now.AddDays(days))}, unless it was rotated before.";
        }
    }

    protected override async Task OnParametersSetAsync()
    {
        if (Set is "keys" or "agents")
        {
            var members = QueryHelpers
                .ParseQuery(new Uri(Navigation.Uri).Query)
                .Where(m => m.Key is not ("set" or "sort" or "view" or "act" or "of") && m.Value.ToString().Length > 0)
                .ToDictionary(m => m.Key, m => m.Value.ToString(), StringComparer.Ordinal);
            _set = Set == "keys" ? new MakeKeyBulk { Filter = members } : new MakeKeyBulk { AgentFilter = members };
            _setSays =
                members.Count == 0
                    ? null
                    : $"{(Set == "keys" ? "Active keys with" : "Active keys of agents with")} {string.Join(", ", members.Select(m => $"{m.Key}: {m.Value}"))}";
            return;
        }
        if (_shown == (Agent, Key))
            return;
        if (_shown.Item1 != Agent)
            (_keys, _use) = (null, null);
        _shown = (Agent, Key);
        _problem = null;
        if (string.IsNullOrWhiteSpace(Agent))
            return;
        _reading = true;
        var keys = await Keys.ListAsync(Me, Agent, Left);
        _reading = false;
        _problem = keys.Problem;
        if (keys.Problem is not null)
            return;
        _keys = keys.Value.FindAll(key => key.Versions.Any(v => v.State is not ("revoked" or "expired")) || key.Id == Key);
        await UseAsync(_keys.Find(key => key.Id == Key || key.Versions.Any(v => v.Id == Key)) ?? _keys.FirstOrDefault());
    }

    protected override void OnAfterRender(bool firstRender)
    {
        // Calls with a key tell nobody.
        if (firstRender)
            _timer = Clock.CreateTimer(_ => Work(LookAsync), null, LookAgain, LookAgain);
    }

    protected override void Leave() => _timer?.Dispose();

    private async Task LookAsync()
    {
        if (_use is not { } use || Live.Paused)
            return;
        var counts = Now - _countedAt >= CountAgain;
        var again = await StoreFault.CatchAsync(() => Uses.GetAsync(Me, Agent!, use.KeyId, Left, counts ? null : use.LastDay.Runs), Now);
        if (again.Problem is not null || _use?.KeyId != use.KeyId)
            return; // what is shown stays
        _use = again.Value;
        if (counts)
            _countedAt = Now;
        StateHasChanged();
    }

    private Task ChooseAsync(ChangeEventArgs chosen)
    {
        Navigation.NavigateTo(ConsoleUrls.Rotate(Agent!, chosen.Value as string), replace: true);
        return Task.CompletedTask;
    }

    private async Task UseAsync(KeyBody? key)
    {
        if (key is null)
            return;
        var use = await Uses.GetAsync(Me, Agent!, key.Id, Left);
        _problem = use.Problem;
        _use = use.Problem is null ? use.Value : null;
        _countedAt = Now;
        if (_use is null)
            return;
        var team = Access.Current.TeamsBySlug.GetValueOrDefault((Me.OrganizationId, _use.Team))?.Id ?? Guid.Empty;
        _mayNot = WhyNot(Permission.ManageKeys, team);
        _sinks = await Sinks.ChoicesAsync(Me, team, Left);
    }

    private async Task PlanAsync()
    {
        if (_busy || _use is null)
            return;
        _busy = true;
        var body = new CreateRotation
        {
            KeyId = _use.KeyId,
            GraceSeconds = Grace,
            RevokeImmediately = _grace == 0 && _revoke,
            AutoExtend = _grace != 0 && _autoExtend,
            TtlDays = int.TryParse(_days, CultureInfo.InvariantCulture, out var days) ? days : null,
            Reason = string.IsNullOrWhiteSpace(_why) ? null : _why,
            // By name, as people read it, where that is enough.
            Sink =
                _sinks.FirstOrDefault(s => IdText.Format(IdText.Sink, s.Id) == _sink) is { } sink
                && _sinks.Count(s => s.Name == sink.Name) == 1
                    ? sink.Name
                : _sink.Length == 0 ? null
                : _sink,
            PlanOnly = true,
        };
        var planned = await Once.RunAsync(_planning, Me, body, me => Rotations.CreateAsync(me, Agent!, body, Left), Left);
        _busy = false;
        _problem = planned.Problem;
        if (planned.Problem is null)
            Navigation.NavigateTo(ConsoleUrls.Rotation(planned.Value.Id));
    }
}
