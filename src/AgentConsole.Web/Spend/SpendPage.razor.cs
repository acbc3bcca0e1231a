using System.Globalization;
using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Spend;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Parts;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentConsole.Web.Spend;

/// <summary>What runs cost, split by one thing and along local time. It is read when it is opened: figures of money do not move under the eye.</summary>
public sealed partial class SpendPage
{
    private static readonly string[] Steps = ["hour", "day", "month"];

    private SpendQuery _query = new();
    private SpendBody? _spend;
    private List<TeamCard> _teams = [];
    private Problem? _problem;
    private string? _nonsense;
    private string? _mayPrice;
    private long _top;

    [Inject]
    public required SpendService Spend { get; init; }

    private IReadOnlyList<Tabs.Tab> Splits =>
        [
            .. Enum.GetValues<SpendBy>()
                .Select(by => new Tabs.Tab(
                    by switch
                    {
                        SpendBy.Agent => "By agent",
                        SpendBy.Team => "By team",
                        SpendBy.Organization => "Organization",
                        SpendBy.Model => "By model",
                        _ => "By version",
                    },
                    ConsoleUrls.With(ConsoleUrls.Spend, [.. (_query with { By = by }).ToQuery()]),
                    _query.By == by
                )),
        ];

    private string Heading =>
        _query.By switch
        {
            SpendBy.Agent => "Agent",
            SpendBy.Team => "Team at the time",
            SpendBy.Organization => "Organization",
            SpendBy.Model => "Model",
            _ => "Version",
        };

    private string RowSum =>
        Money.Format(_spend!.Rows.Sum(r => Micros(r.Figures.Cost)) + (_spend.Other is { } other ? Micros(other.Figures.Cost) : 0));
    private string SeriesSum => Money.Format(_spend!.Series.Sum(s => Micros(s.Cost)));
    private string ChartLabel =>
        $"Spend per {_spend!.Bucket} in {_spend.Zone}: USD {Words.Money(_spend.Total.Cost)} in all, at most {Words.Money(Money.Format(_top))}";

    private string Path
    {
        get
        {
            var path = new StringBuilder();
            for (var i = 0; i < _spend!.Series.Count; i++)
            {
                var micros = Micros(_spend.Series[i].Cost);
                if (micros != 0 && _top > 0)
                    path.Append(CultureInfo.InvariantCulture, $"M{i * 10} 100V{100 - Math.Max(1, micros * 100.0 / _top):0.#}h9V100z");
            }
            return path.ToString();
        }
    }

    protected override async Task OnParametersSetAsync()
    {
        var query = QueryHelpers.ParseQuery(new Uri(Navigation.Uri).Query);
        // Days that the form only showed and nobody chose go on sliding, as they would be lost in a zone where tomorrow has begun.
        foreach (var (day, slid) in ((string, string)[])[("from", "slid_from"), ("to", "slid_to")])
        {
            if (query.Remove(slid, out var shown) && query.TryGetValue(day, out var given) && given == shown)
                query.Remove(day);
        }
        var errors = new FieldErrors();
        _query = SpendQuery.Parse(
            name => name != "limit" && query.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null,
            errors
        );
        _nonsense = Nonsense.Of(errors);
        var me = Me;
        _mayPrice = WhyNot(Permission.ManageOrganization);
        var scope = me.TeamsWith(Permission.ReadFleet);
        _teams =
        [
            .. Access
                .Current.Teams.Values.Where(t => t.OrganizationId == me.OrganizationId && scope.Has(t.Id))
                .OrderBy(t => t.Name, StringComparer.OrdinalIgnoreCase)
                .Take(500),
        ];
        await ReloadAsync();
    }

    private async Task ReloadAsync()
    {
        var read = await Spend.ReadAsync(Me, _query, Left);
        _problem = read.Problem;
        _spend = read.Problem is null ? read.Value : null;
        _top = _spend is null ? 0 : _spend.Series.Max(s => Micros(s.Cost));
    }

    private MarkupString Name(SpendRow row) =>
        _query.By switch
        {
            SpendBy.Agent when row.Agent is not null => Markup.Link(
                ConsoleUrls.With(ConsoleUrls.Spend, [.. (_query with { By = SpendBy.Version, Agent = row.Agent }).ToQuery()]),
                Markup.Text(row.Label),
                "nm"
            ),
            SpendBy.Team when row.Team is not null => Markup.Link(
                ConsoleUrls.With(ConsoleUrls.Spend, [.. (_query with { By = SpendBy.Agent, Team = row.Team }).ToQuery()]),
                Markup.Text(row.Label),
                "nm"
            ),
            _ => new MarkupString(Markup.Text(row.Label)),
        };

    private string Without(string name) => ConsoleUrls.With(ConsoleUrls.Spend, [.. _query.ToQuery().Where(p => p.Name != name)]);

    private string Export(string what) => ConsoleUrls.With("/api/v1/spend/export", [("what", what), .. _query.ToQuery()]);

    // The fields take days; an instant of the address shows as the day it lies in.
    private string? Day(string? text, bool first)
    {
        if (_spend is null)
            return DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _) ? text : null;
        var day = SpendCalendar.DayOf(first ? _spend.From : _spend.To.AddTicks(-1), Zones.Of(_spend.Zone));
        return day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    private static string Span(SpendBody spend)
    {
        var zone = Zones.Of(spend.Zone);
        return $"{SpendCalendar.DayOf(spend.From, zone).ToString("d MMM yyyy", CultureInfo.InvariantCulture)} to {SpendCalendar.DayOf(spend.To.AddTicks(-1), zone).ToString("d MMM yyyy", CultureInfo.InvariantCulture)}, days of {spend.Zone}";
    }

    private string Share(string cost) =>
        Micros(_spend!.Total.Cost) is > 0 and var all ? Words.Percent(Math.Round(Micros(cost) / (double)all, 3)) : "";

    private static string Length(int minutes) =>
        minutes % 1440 == 0 && minutes > 1440 ? Words.Many(minutes / 1440, "day")
        : minutes % 60 == 0 ? Words.Many(minutes / 60, "hour")
        : Words.Many(minutes, "minute");

    private static string Utc(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private static long Micros(string usd) => (long)(decimal.Parse(usd, CultureInfo.InvariantCulture) * 1_000_000m);
}
