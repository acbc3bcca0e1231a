using System.Globalization;
using System.Text;

namespace AgentConsole.Web;

/// <summary>Every address of the console. Whoever links somewhere asks here; names and values are escaped.</summary>
public static class ConsoleUrls
{
    public const string Overview = "/";
    public const string Fleet = "/fleet";
    public const string Register = "/fleet/register";
    public const string Bulk = "/fleet/bulk";
    public const string HandOverPath = "/fleet/hand-over";
    public const string Unclaimed = "/fleet/unclaimed";
    public const string Runs = "/runs";
    public const string Keys = "/keys";
    public const string Rotations = "/rotations";
    public const string RotationsDue = "/rotations/due";
    public const string RotationPolicies = "/rotations/policies";
    public const string RotationCalendar = "/rotations/calendar";
    public const string Gateways = "/gateways";
    public const string Trail = "/trail";
    public const string Spend = "/spend";
    public const string Rerate = "/spend/re-rate";
    public const string Prices = "/admin/prices";
    public const string Admin = "/admin";
    public const string Inactivity = "/admin/inactivity";
    public const string Sinks = "/admin/sinks";
    public const string Deployments = "/deployments";
    public const string Freezes = "/deployments/freezes";
    public const string Rollouts = "/rollouts";
    public const string RolloutPlans = "/rollouts/plans";

    public static string Rollout(string id) => $"{Rollouts}/{Uri.EscapeDataString(id)}";

    /// <param name="agent">Slug; null where it is still to be chosen.</param>
    public static string StartRollout(string? agent) => With($"{Rollouts}/new", ("agent", agent));

    public const string RemoveSampleData = Admin + "/system?act=remove-sample-data";
    public const string BreakGlassAdmin = "/admin/break-glass";
    public const string BreakGlassReview = "/admin/break-glass#review";
    public const string BreakGlass = "/account/break-glass";
    public const string Account = "/account";
    public const string SignOut = "/account/sign-out";
    public const string Look = "/preferences";
    public const string ApiReference = "/docs";

    public static string SignIn(string? returnUrl = null) => With("/account/sign-in", ("returnUrl", returnUrl is "/" ? null : returnUrl));

    /// <summary>Where a person confirms who is at the browser, to go on at an address of ours.</summary>
    public static string StepUp(string? returnUrl = null) => With("/account/step-up", ("returnUrl", returnUrl));

    /// <param name="tab"><c>runs</c>, <c>deployments</c>, <c>definition</c>, <c>keys</c>, <c>gateways</c>, <c>trail</c>, <c>settings</c>; null for the overview.</param>
    public static string Agent(string slug, string? tab = null) =>
        tab is null ? $"/agents/{Uri.EscapeDataString(slug)}" : $"/agents/{Uri.EscapeDataString(slug)}/{tab}";

    /// <param name="team">Slug; null for the organization's policy.</param>
    public static string InactivityOf(string? team) => With(Inactivity, ("of", team));

    /// <summary>The way to a first agent; with one, the page that waits for its first run.</summary>
    /// <param name="language">Id of the language of the program to paste.</param>
    public static string FirstRun(string? agent = null, string? language = null) => With("/start", ("agent", agent), ("lang", language));

    /// <summary>A bulk action's plan, and what came of it.</summary>
    public static string Plan(string id) => $"/fleet/plans/{Uri.EscapeDataString(id)}";

    /// <summary>One rotation, at one of the wizard's steps; where it stands when none is named.</summary>
    public static string Rotation(string id, string? step = null) => With($"/rotations/{Uri.EscapeDataString(id)}", ("step", step));

    /// <summary>The fleet's snapshots with these filters.</summary>
    public static string DeploymentsOf(IEnumerable<KeyValuePair<string, string>> members) =>
        With(Deployments, [.. members.Select(m => (m.Key, (string?)m.Value))]);

    /// <summary>The same as a table.</summary>
    public static string DeploymentsTable(IEnumerable<KeyValuePair<string, string>> members) =>
        With(Deployments, [("view", "table"), .. members.Select(m => (m.Key, (string?)m.Value))]);

    /// <summary>An agent's definition: one version, or how it differs from another.</summary>
    /// <param name="number">The newest when null.</param>
    public static string Definition(string agent, int? number = null, int? against = null) =>
        With(
            Agent(agent, "definition"),
            ("number", number?.ToString(CultureInfo.InvariantCulture)),
            ("against", against?.ToString(CultureInfo.InvariantCulture))
        );

    /// <summary>One snapshot beside another: the one before it when none is named.</summary>
    public static string Snapshot(string id, string? against = null) =>
        With($"/deployments/{Uri.EscapeDataString(id)}", ("against", against));

    /// <summary>The preview of a rollback of an agent, and what came of it.</summary>
    /// <param name="to">Id of the snapshot to go back to; the last good one when null.</param>
    /// <param name="done">Id of the snapshot that a rollback appended.</param>
    public static string Rollback(string agent, string? environment = null, string? to = null, string? done = null) =>
        With($"/agents/{Uri.EscapeDataString(agent)}/rollback", ("environment", environment), ("to", to), ("done", done));

    /// <summary>The checklist by which an agent is taken out of service.</summary>
    public static string Retire(string agent) => $"/agents/{Uri.EscapeDataString(agent)}/retire";

    /// <summary>A bulk rotation, at one of its steps; where it stands when none is named.</summary>
    public static string BulkRotation(string id, string? step = null) =>
        With($"/rotations/bulk/{Uri.EscapeDataString(id)}", ("step", step));

    /// <summary>Another act on many keys.</summary>
    public static string KeyAct(string id) => $"/keys/bulk/{Uri.EscapeDataString(id)}";

    /// <summary>The first step of the wizard for a set of keys.</summary>
    /// <param name="filter">Of the list of keys, as its address has it.</param>
    public static string RotateSet(IEnumerable<KeyValuePair<string, string>> filter) =>
        With("/rotations/new", [("set", "keys"), .. filter.Where(m => m.Key != "sort").Select(m => (m.Key, (string?)m.Value))]);

    /// <summary>The wizard's first step.</summary>
    public static string Rotate(string agent, string? key = null) => With("/rotations/new", ("agent", agent), ("key", key));

    /// <summary>One key in the list of those that are due.</summary>
    public static string DueKey(string key) => With(RotationsDue, ("key", key));

    /// <param name="from">User id or e-mail address; <c>none</c> for agents that nobody answers for.</param>
    public static string HandOver(string from) => With(HandOverPath, ("from", from));

    public static string Gateway(string name) => $"{Gateways}/{Uri.EscapeDataString(name)}";

    public static string Run(string id) => $"/runs/{Uri.EscapeDataString(id)}";

    /// <summary>Words that stand for a run before the one it is compared with.</summary>
    public const string Previous = "previous";
    public const string LastGood = "last-good";

    /// <param name="a">An id, <see cref="Previous"/> or <see cref="LastGood"/>.</param>
    public static string Compare(string a, string b, bool onlyDifferences = false) =>
        With("/runs/compare", ("a", a), ("b", b), ("only", onlyDifferences ? "differences" : null));

    /// <summary>The page of this address with these members in its query; empty and null ones are left away.</summary>
    public static string With(string path, params ReadOnlySpan<(string Name, string? Value)> query)
    {
        var text = new StringBuilder(path);
        var separator = '?';
        foreach (var (name, value) in query)
        {
            if (string.IsNullOrEmpty(value))
                continue;
            text.Append(separator).Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }
        return text.ToString();
    }

    /// <summary>The address if it is one of ours (a path, not another host), else the overview.</summary>
    public static string Local(string? address) =>
        address is ['/', ..] and not ['/', '/' or '\\', ..] && !address.Any(c => c is '\\' || char.IsControl(c)) ? address : Overview; // browsers drop tabs and line breaks
}
