using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Prices;
using AgentConsole.Web.Api;

namespace AgentConsole.Web.Prices;

/// <summary>The price table over REST.</summary>
internal static class PriceApi
{
    public static RouteGroupBuilder MapPriceApi(this RouteGroupBuilder api)
    {
        var prices = api.MapGroup("/prices").WithTags("Prices");
        prices
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.RunsRead)
            .ListsBy(("model", "Prices whose model begins so."), ("all", "`true`: superseded prices too."))
            .WithName("ListPrices")
            .WithSummary("The prices of models, by model, the newest begin first");
        prices
            .MapPost("", AddAsync)
            .NeedsPerson(TokenScopes.Admin)
            .Creates()
            .WithName("AddPrice")
            .WithSummary("Enter a price of a model; for org-admins")
            .WithDescription(
                "A changed price is a new row with a later begin: rows are never edited. Runs that ended before are not touched; re-rate the period for that. "
                    + "409 `price_exists` when the model has a price with this very begin."
            );
        prices
            .MapPost("/import", ImportAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithMetadata(AcceptedBody.Of<AddPrice[]>("application/json", "text/csv"))
            .Takes("dry_run", "`true`: say what would be done with each row, and write nothing.")
            .WithName("ImportPrices")
            .WithSummary("Enter up to 2,000 prices from a JSON array or a CSV file, whole or not at all")
            .WithDescription(
                "CSV begins with a header line naming the members of AddPrice. A row that stands so already changes nothing. When a row cannot be entered nothing is, and the answer is `rows_failed` (400), naming the lines."
            );
        prices
            .MapGet("/{price}", GetAsync)
            .NeedsPerson(TokenScopes.RunsRead)
            .WithName("GetPrice")
            .WithSummary("Read one price, superseded ones too");
        prices
            .MapPost("/{price}/supersede", SupersedeAsync)
            .NeedsPerson(TokenScopes.Admin)
            .WithName("SupersedePrice")
            .WithSummary("Put another price in the place of a wrong one, or withdraw it, with a reason")
            .WithDescription("Answers the price in its place, or the withdrawn one. 409 `price_superseded` when somebody did so already.");
        return api;
    }

    private static async Task<Answer<Page<PriceBody>>> ListAsync(
        ListQuery query,
        CurrentActor actor,
        PriceService prices,
        CancellationToken cancellationToken
    ) =>
        await query.AnswerAsync(
            (value, errors) => Filter(value, errors),
            (filter, page) => prices.ListAsync(actor, filter, page, cancellationToken)
        );

    private static PriceFilter Filter(Func<string, string?> value, FieldErrors errors)
    {
        var all = value("all");
        if (all is not (null or "true" or "false"))
            errors.Add("all", "Must be true or false.");
        return new PriceFilter(Texts.Line(value("model"), "model", 100, errors), all == "true");
    }

    private static async Task<Answer<PriceBody>> GetAsync(
        string price,
        CurrentActor actor,
        PriceService prices,
        CancellationToken cancellationToken
    ) => (await prices.GetAsync(actor, price, cancellationToken)).ToAnswer();

    private static async Task<Answer<PriceBody>> AddAsync(
        Body<AddPrice> body,
        CurrentActor actor,
        PriceService prices,
        CancellationToken cancellationToken
    ) => (await prices.AddAsync(actor, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<PriceBody>> SupersedeAsync(
        string price,
        Body<SupersedePrice> body,
        CurrentActor actor,
        PriceService prices,
        CancellationToken cancellationToken
    ) => (await prices.SupersedeAsync(actor, price, body.Input, cancellationToken)).ToAnswer();

    private static async Task<Answer<PriceImportResult>> ImportAsync(
        ListQuery query,
        CurrentActor actor,
        PriceService prices,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var bytes = await RequestBody.ReadAsync(context);
        var file = bytes.Problem is { } problem ? problem : PriceFile.Read(bytes.Value);
        var dryRun = query["dry_run"];
        if (dryRun is not (null or "true" or "false"))
            file = Problem.Invalid("dry_run", "Must be true or false.");
        return (await prices.ImportAsync(actor, file, dryRun == "true", cancellationToken)).ToAnswer();
    }
}
