using System.Globalization;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Prices;

/// <summary>Which prices are listed.</summary>
/// <param name="Model">Rows of this name, or whose name begins so, letter for letter.</param>
/// <param name="All">Superseded rows too.</param>
public sealed record PriceFilter(string? Model = null, bool All = false);

/// <summary>The price table of an organization. Whoever may read some of its runs may read it; org-admins enter prices.</summary>
public sealed class PriceService(ConsoleStore store, PriceDirectory prices, TimeProvider clock)
{
    public const int MostPrices = 10_000;

    private static readonly Problem NotFound = Problem.NotFound("price");
    private static readonly Problem Superseded = new(
        ProblemKind.Conflict,
        "price_superseded",
        "This price was superseded already. Read the table again; the row in its place can be superseded."
    );

    /// <summary>By model, the newest begin first.</summary>
    public async Task<Outcome<Paged<PriceBody>>> ListAsync(
        Actor by,
        PriceFilter filter,
        PageRequest page,
        CancellationToken cancellationToken
    )
    {
        if (!MayRead(by))
            return Paged<PriceBody>.Empty;
        (string Model, DateTimeOffset From, Guid Id)? after = null;
        if (page.Cursor is not null)
        {
            if (
                !Cursor.TryDecode(page.Cursor, 3, out var key)
                || !long.TryParse(key[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var micros)
                || micros is < 0 or > 100_000_000_000_000_000
                || !Guid.TryParse(key[2], out var id)
            )
                return Cursor.Bad();
            after = (key[0], Utc.FromMicros(micros), id);
        }
        await using var db = await store.ReadAsync(cancellationToken);
        var rows = db.Prices.Where(p => p.OrganizationId == by.OrganizationId);
        if (!filter.All)
            rows = rows.Where(p => p.SupersededAt == null);
        if (filter.Model is { } model)
        {
            // Runs are priced by exact names, so that case matters; LIKE would heed it on one database only.
            var length = model.EnumerateRunes().Count();
            rows = rows.Where(p => p.Model.Substring(0, length) == model);
        }
        if (after is var (m, f, i))
            rows = rows.Where(p =>
                string.Compare(p.Model, m) > 0 || (p.Model == m && (p.EffectiveFrom < f || (p.EffectiveFrom == f && p.Id.CompareTo(i) > 0)))
            );
        var found = await rows.OrderBy(p => p.Model)
            .ThenByDescending(p => p.EffectiveFrom)
            .ThenBy(p => p.Id)
            .Take(page.Limit + 1)
            .ToListAsync(cancellationToken);
        var now = clock.Now();
        return Paged<Price>
            .Of(found, page.Limit, p => [p.Model, Utc.ToMicros(p.EffectiveFrom).ToString(CultureInfo.InvariantCulture), p.Id.ToString()])
            .Map(p => Body(p, now));
    }

    public async Task<Outcome<PriceBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        if (!MayRead(by) || !IdText.TryParse(IdText.Price, id, out var priceId))
            return NotFound;
        await using var db = await store.ReadAsync(cancellationToken);
        var price = await db.Prices.SingleOrDefaultAsync(p => p.OrganizationId == by.OrganizationId && p.Id == priceId, cancellationToken);
        return price is null ? NotFound : Body(price, clock.Now());
    }

    public async Task<Outcome<PriceBody>> AddAsync(Actor by, Outcome<AddPrice> input, CancellationToken cancellationToken)
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        if (!input.Try(out var body, out var problem))
            return problem;
        await using var write = await store.WriteAsync(cancellationToken);
        var errors = new FieldErrors();
        var price = PriceReader.Read(body, by.OrganizationId, write.NewId(), write.Now, by.Label, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        var known = await LivingAsync(write.Db, by.OrganizationId, cancellationToken);
        if (known.Count >= MostPrices)
            return PeopleProblems.TooMany("prices", MostPrices);
        if (known.TryGetValue((price!.Model, price.EffectiveFrom), out _))
            return Taken(price);
        write.Db.Add(price);
        write.Trail(by, "price.added", Target(price), after: Facts(price));
        Announce(write, by.OrganizationId);
        return await write.CommitAsync(by, Body(price, write.Now), cancellationToken);
    }

    /// <summary>Puts another row in the place of a wrong one, or nothing; the wrong one stays to be read, with the reason.</summary>
    public async Task<Outcome<PriceBody>> SupersedeAsync(
        Actor by,
        string id,
        Outcome<SupersedePrice> input,
        CancellationToken cancellationToken
    )
    {
        if (!MayRead(by) || !IdText.TryParse(IdText.Price, id, out var priceId))
            return NotFound;
        await using var write = await store.WriteAsync(cancellationToken);
        var wrong = await write
            .Db.Prices.AsTracking()
            .SingleOrDefaultAsync(p => p.OrganizationId == by.OrganizationId && p.Id == priceId, cancellationToken);
        if (wrong is null)
            return NotFound;
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var reason = Texts.Line(body.Reason, "reason", 500, errors, required: true);
        var right = body.Replacement is { } replacement
            ? PriceReader.Read(replacement, by.OrganizationId, write.NewId(), write.Now, by.Label, errors, "replacement.")
            : null;
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (wrong.SupersededAt is not null)
            return Superseded;
        if (right is not null)
        {
            var known = await LivingAsync(write.Db, by.OrganizationId, cancellationToken);
            if (known.TryGetValue((right.Model, right.EffectiveFrom), out var other) && other.Id != wrong.Id)
                return Taken(right);
        }
        wrong.Supersede(by.Label, reason!, right?.Id, write.Now);
        // First the old one, so that the unique index sees them one after the other.
        if (!await write.TryFlushAsync(cancellationToken))
            return Superseded;
        if (right is not null)
            write.Db.Add(right);
        write.Trail(
            by,
            right is null ? "price.withdrawn" : "price.superseded",
            Target(wrong),
            before: Facts(wrong),
            after: right is null ? null : Facts(right),
            reason: reason
        );
        Announce(write, by.OrganizationId);
        return await write.CommitAsync(by, Body(right ?? wrong, write.Now), cancellationToken);
    }

    /// <summary>Enters a file of prices, whole or not at all. A row that stands so already changes nothing; one that contradicts a standing row is an error.</summary>
    public async Task<Outcome<PriceImportResult>> ImportAsync(
        Actor by,
        Outcome<PriceFile> input,
        bool dryRun,
        CancellationToken cancellationToken
    )
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        if (!input.Try(out var file, out var problem))
            return problem;
        await using var write = await store.WriteAsync(cancellationToken);
        var known = await LivingAsync(write.Db, by.OrganizationId, cancellationToken);
        var lines = new Dictionary<(string, DateTimeOffset), int>();
        var results = new List<PriceImportRow>(file.Rows.Count);
        var added = new List<Price>();
        foreach (var (line, row) in file.Rows)
        {
            var errors = new FieldErrors();
            var price = row.Try(out var body, out var unreadable)
                ? PriceReader.Read(body, by.OrganizationId, write.NewId(), write.Now, by.Label, errors)
                : null;
            if (price is null)
            {
                results.Add(new PriceImportRow(line, body?.Model, "failed", null, unreadable?.Errors ?? errors.ToDictionary()));
                continue;
            }
            var key = (price.Model, price.EffectiveFrom);
            var outcome = "created";
            if (lines.TryGetValue(key, out var first))
            {
                errors.Add("model", $"Has this begin in line {first} already.");
            }
            else if (known.TryGetValue(key, out var standing))
            {
                if (standing.Says(price))
                    outcome = "unchanged";
                else
                    errors.Add(
                        "model",
                        $"Has a price with this begin already ({IdText.Format(IdText.Price, standing.Id)}) that says something else. Supersede that one with a reason, or begin this one later."
                    );
            }
            lines.TryAdd(key, line);
            if (errors.Any)
            {
                results.Add(new PriceImportRow(line, price.Model, "failed", null, errors.ToDictionary()));
                continue;
            }
            if (outcome == "created")
                added.Add(price);
            results.Add(
                new PriceImportRow(
                    line,
                    price.Model,
                    outcome,
                    dryRun || outcome != "created" ? null : IdText.Format(IdText.Price, price.Id),
                    null
                )
            );
        }
        var failed = results.Count(r => r.Outcome == "failed");
        if (known.Count + added.Count > MostPrices)
            return PeopleProblems.TooMany("prices", MostPrices);
        var result = new PriceImportResult(dryRun, added.Count, results.Count - added.Count - failed, failed, results);
        if (dryRun)
            return result;
        if (failed > 0)
            return RowsFailed(results);
        if (added.Count == 0)
            return result;
        write.Db.AddRange(added);
        write.Trail(
            by,
            "prices.imported",
            new TrailTarget("price", null, $"{added.Count} prices"),
            after: new { created = added.Count, models = added.Select(p => p.Model).Distinct(StringComparer.Ordinal).Take(100) }
        );
        Announce(write, by.OrganizationId);
        return await write.CommitAsync(by, result, cancellationToken);
    }

    internal static PriceBody Body(Price price, DateTimeOffset now) =>
        new()
        {
            Id = IdText.Format(IdText.Price, price.Id),
            Model = price.Model,
            Provider = price.Provider,
            InputPerMillion = Decimal(price.InputPerMillion),
            OutputPerMillion = Decimal(price.OutputPerMillion),
            EffectiveFrom = price.EffectiveFrom,
            EffectiveUntil = price.EffectiveUntil,
            Source = price.Source,
            Notes = price.Notes,
            State = price.SupersededAt is not null
                ? price.ReplacedById is null
                    ? "withdrawn"
                    : "superseded"
                : price.EffectiveFrom > now
                    ? "future"
                    : price.EffectiveUntil <= now
                        ? "ended"
                        : "active",
            CreatedAt = price.CreatedAt,
            CreatedBy = price.CreatedBy,
            SupersededAt = price.SupersededAt,
            SupersededBy = price.SupersededBy,
            SupersedeReason = price.SupersedeReason,
            ReplacedBy = IdText.Format(IdText.Price, price.ReplacedById),
        };

    internal static string Decimal(decimal value) => value.ToString("0.##########", CultureInfo.InvariantCulture);

    private static bool MayRead(Actor by) => by.TeamsWith(Permission.ReadFleet) is not { All: false, Ids.Length: 0 };

    private static async Task<Dictionary<(string, DateTimeOffset), Price>> LivingAsync(
        ConsoleDbContext db,
        Guid organizationId,
        CancellationToken cancellationToken
    ) =>
        await db
            .Prices.AsNoTracking()
            .Where(p => p.OrganizationId == organizationId && p.SupersededAt == null)
            .ToDictionaryAsync(p => (p.Model, p.EffectiveFrom), cancellationToken);

    private void Announce(Write write, Guid organizationId)
    {
        write.AfterCommit(() => prices.ReloadAsync(organizationId));
        write.Tell(new LiveEvent("prices", organizationId, null, null, organizationId));
    }

    private static Problem RowsFailed(List<PriceImportRow> results)
    {
        var errors = results
            .Where(r => r.Errors is not null)
            .Take(100)
            .ToDictionary(
                r => string.Create(CultureInfo.InvariantCulture, $"line {r.Line}"),
                r => r.Errors!.Select(e => $"{e.Key}: {string.Join(" ", e.Value)}").ToArray(),
                StringComparer.Ordinal
            );
        return new Problem(
            ProblemKind.Invalid,
            "rows_failed",
            $"{results.Count(r => r.Errors is not null)} rows cannot be entered; nothing was. Mend them and send the file again.",
            errors
        );
    }

    private static Problem Taken(Price price) =>
        new(
            ProblemKind.Conflict,
            "price_exists",
            $"'{price.Model}' has a price that begins at this instant. Supersede it with a reason, or let this one begin later."
        );

    private static object Facts(Price price) =>
        new
        {
            price.Model,
            price.Provider,
            InputPerMillion = Decimal(price.InputPerMillion),
            OutputPerMillion = Decimal(price.OutputPerMillion),
            price.EffectiveFrom,
            price.EffectiveUntil,
            price.Source,
        };

    private static TrailTarget Target(Price price) => new("price", price.Id, price.Model);
}
