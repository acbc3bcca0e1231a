using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Inactivity;

/// <summary>Lays what was given over a policy, within its bounds.</summary>
internal static class PolicyInput
{
    public const int MostDays = 3650;
    private static readonly Lifecycle[] Possible = [Lifecycle.Registered, Lifecycle.Active, Lifecycle.Retired];

    public static void Apply(InactivityPolicy policy, SetInactivityPolicy body, FieldErrors errors)
    {
        policy.Enabled = body.Enabled ?? policy.Enabled;
        policy.Sign = KebabCase.Read<InactivitySign>(body.Sign, "sign", errors) ?? policy.Sign;
        policy.Action = KebabCase.Read<InactivityAction>(body.Action, "action", errors) ?? policy.Action;
        policy.Days = Within(body.Days, "days", 1, MostDays, errors) ?? policy.Days;
        policy.GraceDays = Within(body.GraceDays, "grace_days", 1, 365, errors) ?? policy.GraceDays;
        policy.MaxSharePercent = Within(body.MaxSharePercent, "max_share_percent", 1, 100, errors) ?? policy.MaxSharePercent;
        policy.GapHours = Within(body.GapHours, "gap_hours", 1, 720, errors) ?? policy.GapHours;
        policy.HoldDays = Within(body.HoldDays, "hold_days", 0, 90, errors) ?? policy.HoldDays;
        if (body.Environment is not null)
            policy.Environment = Texts.Line(body.Environment, "environment", 60, errors);
        if (body.Tags is { } tags)
        {
            if (tags.Count > 20)
                errors.Add("tags", "At most 20 tags.");
            policy.Tags =
            [
                .. tags.Take(20)
                    .Select((t, i) => Texts.Line(t, $"tags[{i}]", 60, errors))
                    .OfType<string>()
                    .Distinct(StringComparer.Ordinal),
            ];
        }
        if (body.Lifecycles is { } given)
        {
            var lifecycles = given
                .Take(10)
                .Select(l => KebabCase.Read<Lifecycle>(l, "lifecycles", errors))
                .OfType<Lifecycle>()
                .Distinct()
                .ToList();
            if (lifecycles.Count == 0 || lifecycles.Exists(l => !Possible.Contains(l)))
                errors.Add("lifecycles", "Must be some of registered, active, retired.");
            else
                policy.Lifecycles = lifecycles.ConvertAll(l => KebabCase.Of(l));
        }
    }

    private static int? Within(int? value, string field, int least, int most, FieldErrors errors)
    {
        if (value is null || (value >= least && value <= most))
            return value;
        errors.Add(field, $"Must be a whole number from {least} to {most}.");
        return null;
    }
}
