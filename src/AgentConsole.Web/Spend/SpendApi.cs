using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Spend;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Spend;

/// <summary>What runs cost, over REST.</summary>
internal static class SpendApi
{
    private static readonly (string Name, string Description)[] Parameters =
    [
        ("by", "agent (default), team, organization, model or version."),
        ("from", "First local day, or an instant on a quarter of an hour; 29 days before `to` when absent."),
        ("to", "Last local day (inclusive), or an instant (exclusive); today when absent."),
        ("zone", "IANA id of the zone whose days count; the team's or the organization's when absent."),
        ("bucket", "hour (32 days at most), day (400) or month; fits the range when absent."),
        ("team", "Team slug or id."),
        ("agent", "Agent slug or id."),
    ];

    public static RouteGroupBuilder MapSpendApi(this RouteGroupBuilder api)
    {
        var spend = api.MapGroup("/spend").WithTags("Spend");
        var read = spend
            .MapGet("", ReadAsync)
            .NeedsPerson(TokenScopes.RunsRead)
            .Takes("limit", $"Rows, 1 to {SpendQuery.MostRows}; 100 when absent. The rest is summed in `other`.")
            .WithName("GetSpend")
            .WithSummary("What ended runs cost, split by one thing and along local hours, days or months")
            .WithDescription(
                "Costs are those that agents reported and those computed from tokens and prices; runs without either are counted as `unpriced`. "
                    + "A run counts when its end was received, under the team of its time. The sum of rows (with `other`) and the sum of the series are both the total, in every zone."
            );
        var export = spend
            .MapGet("/export", ExportAsync)
            .NeedsPerson(TokenScopes.RunsRead)
            .Takes("what", "rows (default) or series.")
            .WithName("ExportSpend")
            .WithSummary("The same as CSV, with a line of totals at the end; the export is put on the trail");
        foreach (var (name, description) in Parameters)
        {
            read.Takes(name, description);
            export.Takes(name, description);
        }
        return api;
    }

    private static async Task<Answer<SpendBody>> ReadAsync(
        ListQuery query,
        CurrentActor actor,
        SpendService spend,
        CancellationToken cancellationToken
    ) => (await spend.ReadAsync(actor, Read(query), cancellationToken)).ToAnswer();

    private static async Task<IResult> ExportAsync(
        ListQuery query,
        CurrentActor actor,
        SpendService spend,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var what = query["what"];
        if (what is not (null or "rows" or "series"))
            query.Errors.Add("what", "Must be rows or series.");
        var csv = await spend.ExportAsync(actor, Read(query), what == "series", cancellationToken);
        if (csv.Problem is { } problem)
            return new Answer<SpendBody>(problem);
        context.Response.Headers.CacheControl = "no-store";
        return Results.File(System.Text.Encoding.UTF8.GetBytes(csv.Value.Csv), "text/csv; charset=utf-8; header=present", csv.Value.Name);
    }

    private static Outcome<SpendQuery> Read(ListQuery query)
    {
        var read = SpendQuery.Parse(name => query[name], query.Errors);
        return query.Errors.ToProblem() is { } problem ? problem : read;
    }
}
