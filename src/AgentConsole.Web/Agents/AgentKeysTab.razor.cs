using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations.Schedules;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Agents;

/// <summary>The keys of one agent: make, disable, enable, let expire, revoke.</summary>
public sealed partial class AgentKeysTab
{
    private sealed class MintForm
    {
        public string Name { get; set; } = "";
        public string Days { get; set; } = "90";
    }

    // Due: at the version from which it is counted.
    private sealed record KeyLine(KeyBody Key, KeyVersionBody Version, DueKey? Due);

    private readonly Submission _mint = new("key-mint");
    private readonly Submission _act = new("key-act");
    private RereadRows<KeyLine>? _list;
    private string? _mayNot;
    private Problem? _problem;
    private Problem? _dialogProblem;
    private MintForm _minting = new();
    private KeyBody? _minted;
    private (string? Act, string? Of) _asked;
    private DateTime? _expiresAt;
    private string? _why;
    private bool _busy;
    private Guid _agentId;

    [Inject]
    public required KeyService Keys { get; init; }

    [Inject]
    public required DueLists Dues { get; init; }

    [Inject]
    public required Toasts Toasts { get; init; }

    [Parameter, EditorRequired]
    public required AgentBody Agent { get; set; }

    /// <summary>The question that is open, and what it is about.</summary>
    [SupplyParameterFromQuery(Name = "act")]
    public string? Doing { get; set; }

    [SupplyParameterFromQuery]
    public string? Of { get; set; }

    private string Curl =>
        $"curl -X POST {Navigation.BaseUri}api/v1/agents/{Agent.Slug}/keys -H \"Authorization: Bearer $TOKEN\" -H \"Content-Type: application/json\" -d '{{}}'";

    private bool Expiring => Doing == "expiry";

    private bool Trusting => Doing == "enable";

    // Of this agent: another's begins anew.
    private RereadRows<KeyLine> List =>
        _list ??= new RereadRows<KeyLine>(line => IdText.Parse(IdText.KeyVersion, line.Version.Id), ReadAsync, Clock);

    private KeyLine? Chosen => Doing is "expiry" or "revoke" or "enable" ? List.Rows?.FirstOrDefault(line => line.Version.Id == Of) : null;

    private IEnumerable<DueKey> Noticed =>
        (List.Rows ?? []).Select(line => line.Due).OfType<DueKey>().Where(due => due.NoticeDays is not null).OrderBy(due => due.DueAt);

    private KeyBody? Made => List.Rows?.FirstOrDefault(line => line.Key.Id == Of)?.Key;

    protected override async Task OnParametersSetAsync()
    {
        var asked = _asked != (Doing, Of);
        if (asked)
        {
            _asked = (Doing, Of);
            (_dialogProblem, _why, _minting) = (null, null, new MintForm());
            if (Doing != "made")
                _minted = null; // the secret goes with the dialog
        }
        var id = IdText.Parse(IdText.Agent, Agent.Id);
        if (id != _agentId)
            (_agentId, _list, _problem) = (id, null, null);
        _mayNot = WhyNot(Permission.ManageKeys, IdText.Parse(IdText.Team, Agent.Team.Id));
        await List.AgainAsync();
        if (asked)
            _expiresAt = Chosen?.Version.ExpiresAt?.UtcDateTime;
    }

    // A policy above the agent's own, and the sweep after it, name no agent.
    private bool Concerns(LiveEvent change) =>
        change.Noun switch
        {
            "key" or "key-notice" or "rotation" or "agent" => change.AgentId == _agentId,
            "rotation-policy" => change.AgentId is null || change.AgentId == _agentId,
            _ => false,
        };

    // All at once: an agent has few.
    private async Task<Outcome<Paged<KeyLine>>> ReadAsync(PageRequest page)
    {
        var read = await Keys.ListAsync(Me, Agent.Id, Left);
        if (read.Problem is not null)
            return read.Problem;
        var dues = await Dues.ListAsync(Me, new DueFilter { Agent = Agent.Id }, new PageRequest(PageRequest.MaxLimit), Left);
        if (dues.Problem is not null)
            return dues.Problem;
        var at = dues.Value.Items.ToDictionary(due => (due.KeyId, due.KeyVersion));
        return new Paged<KeyLine>(
            [
                .. read.Value.SelectMany(key =>
                    key.Versions.Select(version => new KeyLine(key, version, at.GetValueOrDefault((key.Id, version.Number))))
                ),
            ],
            null
        );
    }

    private async Task MintAsync()
    {
        if (_busy)
            return;
        _busy = true;
        var body = new MintKey
        {
            Name = string.IsNullOrWhiteSpace(_minting.Name) ? null : _minting.Name,
            TtlDays = int.TryParse(_minting.Days, CultureInfo.InvariantCulture, out var days) ? days : null,
        };
        var minted = await Once.RunAsync(_mint, Me, body, me => Keys.MintAsync(me, Agent.Id, body, Left), Left);
        _busy = false;
        _dialogProblem = minted.Problem;
        if (_dialogProblem is not null)
            return;
        _minted = minted.Value;
        await List.ActedAsync();
        Ask("made", _minted.Id, instead: true);
    }

    private Task DisableAsync(KeyBody key, KeyVersionBody version)
    {
        var (agent, body) = (Agent.Id, new KeyAction { KeyVersion = version.Number });
        return ActAsync(
            () => Keys.DisableAsync(Me, agent, key.Id, body, Left),
            $"Disabled {key.Name}; it is refused from now on",
            () =>
                UndoAsync(
                    Toasts,
                    me => Keys.EnableAsync(me, agent, key.Id, body, CancellationToken.None),
                    $"Enabled {key.Name}",
                    _ => List.ActedAsync()
                )
        );
    }

    private Task EnableAsync(KeyBody key, KeyVersionBody version) =>
        ActAsync(
            () => Keys.EnableAsync(Me, Agent.Id, key.Id, new KeyAction { KeyVersion = version.Number }, Left),
            $"Enabled {key.Name}",
            null
        );

    private async Task DismissAsync(DueKey due)
    {
        _problem = (await Dues.DismissAsync(Me, due.AgentId, due.KeyId, Left)).Problem;
        if (_problem is null)
            Toasts.Show($"Dismissed the notice of {due.KeyName}{(due.NoticeDays == 0 ? "" : " until the next step before its date")}");
        await List.ActedAsync();
    }

    private static Dictionary<string, object> DismissNamed(DueKey due) =>
        new(StringComparer.Ordinal) { ["aria-label"] = $"Dismiss the notice of {due.KeyName}" };

    // One that was reported as leaked is trusted again for a reason only.
    private Task AskOrEnableAsync(KeyBody key, KeyVersionBody version)
    {
        if (!version.LeakReported)
            return EnableAsync(key, version);
        Ask("enable", version.Id);
        return Task.CompletedTask;
    }

    private async Task TrustAsync()
    {
        var (key, version, _) = Chosen!;
        var body = new KeyAction { KeyVersion = version.Number, Reason = Why };
        await ActAsync(
            () => Once.RunAsync(_act, Me, body, me => Keys.EnableAsync(me, Agent.Id, key.Id, body, Left), Left),
            $"Enabled {key.Name}",
            null,
            inDialog: true
        );
    }

    private async Task RevokeAsync()
    {
        var (key, version, _) = Chosen!;
        var body = new KeyAction { KeyVersion = version.Number, Reason = Why };
        await ActAsync(
            () => Once.RunAsync(_act, Me, body, me => Keys.RevokeAsync(me, Agent.Id, key.Id, body, Left), Left),
            $"Revoked {key.Name}",
            null,
            inDialog: true
        );
    }

    private async Task SetExpiryAsync()
    {
        var (key, version, _) = Chosen!;
        var at = _expiresAt is { } local ? new DateTimeOffset(DateTime.SpecifyKind(local, DateTimeKind.Utc)) : (DateTimeOffset?)null;
        var body = new SetKeyExpiry
        {
            KeyVersion = version.Number,
            ExpiresAt = at,
            Reason = Why,
        };
        await ActAsync(
            () => Once.RunAsync(_act, Me, body, me => Keys.SetExpiryAsync(me, Agent.Id, key.Id, body, Left), Left),
            at is null ? $"{key.Name} does not expire" : $"{key.Name} expires {Words.Exact(at.Value)}",
            null,
            inDialog: true
        );
    }

    private async Task ActAsync(Func<Task<Outcome<KeyBody>>> act, string done, Func<Task>? undo, bool inDialog = false)
    {
        if (_busy)
            return;
        _busy = true;
        var outcome = await act();
        _busy = false;
        if (inDialog)
            _dialogProblem = outcome.Problem;
        else
            _problem = outcome.Problem;
        if (outcome.Problem is null)
        {
            if (inDialog)
                Close();
            Toasts.Show(done, undo);
            await List.ActedAsync();
        }
    }

    private string? Why => string.IsNullOrWhiteSpace(_why) ? null : _why;

    // The secret goes with the dialog.
    private void Close()
    {
        _minted = null;
        Ask(null);
    }

    private int OtherLiving(KeyVersionBody version) =>
        List.Rows?.Count(line => line.Version.Id != version.Id && line.Version.State is "active" or "retiring") ?? 0;

    private static string Where(KeyVersionBody version) =>
        string.Join(" · ", new[] { version.LastUsedAddress, version.LastUsedRoute, version.LastUsedUserAgent }.OfType<string>());
}
