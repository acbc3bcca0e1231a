using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Rotations.Schedules;

/// <summary>A calendar to answer with.</summary>
/// <param name="ETag">Of the very bytes; it changes with what they say.</param>
public sealed record CalendarFeed(byte[] Bytes, string ETag);

/// <summary>Calendar links of users, and what they open: what the user sees at that moment, and nothing once the user is disabled.</summary>
public sealed class CalendarService(
    ConsoleStore store,
    AccessDirectory access,
    ActorSource actors,
    DueLists due,
    MasterKey master,
    TimeProvider clock
)
{
    public const int MostLinks = 10;

    /// <summary>Keys in a calendar; those that are due first.</summary>
    public const int MostEntries = 1_000;
    private const int SecretLength = 43; // 256 bits
    private const string Characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public async Task<Outcome<Paged<CalendarLinkBody>>> ListAsync(Actor by, PageRequest page, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        var (organization, user) = (by.OrganizationId, by.Id ?? Guid.Empty);
        var links = db.CalendarLinks.Where(l => l.OrganizationId == organization && l.UserId == user);
        if (page.Cursor is not null)
        {
            if (!Cursor.TryDecode(page.Cursor, 1, out var after) || !IdText.TryParse(IdText.CalendarLink, after[0], out var last))
                return Cursor.Bad();
            links = links.Where(l => l.Id < last);
        }
        var rows = await links.OrderByDescending(l => l.Id).Take(page.Limit + 1).ToListAsync(cancellationToken);
        return Paged<CalendarLink>.Of(rows, page.Limit, l => [IdText.Format(IdText.CalendarLink, l.Id)]).Map(l => Body(l, null));
    }

    /// <summary>One of the actor's own links.</summary>
    public async Task<Outcome<CalendarLinkBody>> GetAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return await FindAsync(db, by, id, cancellationToken) is { } link ? Body(link, null) : ScheduleProblems.LinkNotFound;
    }

    /// <summary>Makes a link; its address is in this answer and never again.</summary>
    /// <param name="origin">Where the console is reached, as <c>https://console.example</c>.</param>
    public async Task<Outcome<CalendarLinkBody>> MakeAsync(
        Actor by,
        string origin,
        Outcome<MakeCalendarLink> input,
        CancellationToken cancellationToken
    )
    {
        if (by is not { Kind: ActorKind.User, Id: { } user })
            return ScheduleProblems.UserNeeded;
        if (!input.Try(out var body, out var unreadable))
            return unreadable;
        var errors = new FieldErrors();
        var name = Texts.Line(body.Name, "name", 100, errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        await using var write = await store.WriteAsync(cancellationToken);
        // The address follows its owner for good: whoever is let in for less must not make one.
        if (
            by.TeamLimit is not null
            || by.Method == AuthMethod.BreakGlass
            || await write.Db.ApiTokens.AnyAsync(t => t.Id == by.CredentialId && t.ExpiresAt != null, cancellationToken)
        )
            return ScheduleProblems.NarrowCredential;
        var organization = by.OrganizationId;
        if (
            await write.Db.CalendarLinks.CountAsync(l => l.OrganizationId == organization && l.UserId == user, cancellationToken)
            >= MostLinks
        )
            return PeopleProblems.TooMany("calendar links", MostLinks);
        var secret = RandomNumberGenerator.GetString(Characters, SecretLength);
        var link = new CalendarLink
        {
            Id = write.NewId(),
            OrganizationId = organization,
            UserId = user,
            Name = name ?? "Calendar",
            Hash = Hash(secret),
            Last4 = secret[^4..],
            CreatedAt = write.Now,
        };
        write.Db.Add(link);
        write.Trail(by, "calendar-link.made", Target(link), after: new { name = link.Name, last4 = link.Last4 });
        return await write.CommitAsync(by, Body(link, $"{origin.TrimEnd('/')}/calendar/{secret}.ics"), cancellationToken);
    }

    /// <summary>The address opens nothing from now on.</summary>
    public async Task<Outcome<Done>> RevokeAsync(Actor by, string id, CancellationToken cancellationToken)
    {
        await using var write = await store.WriteAsync(cancellationToken);
        if (await FindAsync(write.Db, by, id, cancellationToken) is not { } link)
            return ScheduleProblems.LinkNotFound;
        write.Db.Remove(link);
        write.Trail(by, "calendar-link.revoked", Target(link), before: new { name = link.Name, last4 = link.Last4 });
        return await write.CommitAsync(by, default(Done), cancellationToken);
    }

    /// <summary>The calendar behind a secret; one refusal for every secret that opens nothing.</summary>
    public async Task<Outcome<CalendarFeed>> ReadAsync(string secret, string origin, CallOrigin caller, CancellationToken cancellationToken)
    {
        if (secret.Length != SecretLength)
            return ScheduleProblems.LinkNotFound;
        var hash = Hash(secret);
        CalendarLink? link;
        await using (var db = await store.ReadAsync(cancellationToken))
            link = await db.CalendarLinks.FirstOrDefaultAsync(l => l.Hash == hash, cancellationToken);
        if (
            link is null
            || !actors.ForLink(link.UserId, link.Id, caller).Try(out var by, out _)
            || by.OrganizationId != link.OrganizationId
        )
            return ScheduleProblems.LinkNotFound;
        var entries = new List<CalendarEntry>();
        string? cursor = null;
        do
        {
            var rows = await due.ListAsync(by, new DueFilter(), new PageRequest(PageRequest.MaxLimit, cursor), cancellationToken);
            if (!rows.Try(out var page, out var problem))
                return problem;
            var dated = page.Items.TakeWhile(row => row.DueAt is not null).ToList();
            entries.AddRange(dated.Take(MostEntries - entries.Count).Select(row => Entry(by, row, origin)));
            cursor = dated.Count == page.Items.Count ? page.NextCursor : null;
        } while (cursor is not null && entries.Count < MostEntries);
        await MarkUsedAsync(link, cancellationToken);
        var bytes = Encoding.UTF8.GetBytes(CalendarText.Write("Keys due for rotation", entries));
        return new CalendarFeed(bytes, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}\"");
    }

    private static async Task<CalendarLink?> FindAsync(ConsoleDbContext db, Actor by, string id, CancellationToken cancellationToken)
    {
        var (organization, user) = (by.OrganizationId, by.Id ?? Guid.Empty);
        return IdText.TryParse(IdText.CalendarLink, id, out var link)
            ? await db.CalendarLinks.FirstOrDefaultAsync(
                l => l.OrganizationId == organization && l.UserId == user && l.Id == link,
                cancellationToken
            )
            : null;
    }

    private CalendarEntry Entry(Actor by, DueKey row, string origin)
    {
        var current = access.Current;
        var team = current.FindTeam(by.OrganizationId, row.Team);
        var zone = Zones.Find(current.ZoneOf(by.OrganizationId, team?.Id)) ?? TimeZoneInfo.Utc;
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(row.DueAt!.Value, zone).DateTime);
        var what =
            row.Outlook == "automatic" ? "rotates by itself"
            : row.Reason == "expiry" ? "expires"
            : "is due for rotation";
        var lines = new List<string?>
        {
            $"Agent {row.Agent}, team {row.Team}, owner {row.Owner ?? "nobody"}.",
            string.Create(CultureInfo.InvariantCulture, $"Version {row.KeyVersion} was made on {row.CreatedAt:yyyy-MM-dd}."),
            row.Sink is null ? null : $"The new secret goes into {row.Sink}.",
        };
        return new CalendarEntry(
            $"{row.KeyId}@agentconsole",
            day,
            $"{row.Agent} / {row.KeyName} {what}",
            string.Join("\n", lines.OfType<string>()),
            $"{origin.TrimEnd('/')}/rotations/due?key={row.KeyId}",
            row.UpdatedAt
        );
    }

    // To the minute, and without a turn at the gate where nothing changes: calendars ask often.
    private async Task MarkUsedAsync(CalendarLink link, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        if (now - link.LastUsedAt < TimeSpan.FromMinutes(1))
            return;
        await using var write = await store.WriteAsync(cancellationToken);
        await write
            .Db.CalendarLinks.Where(l => l.OrganizationId == link.OrganizationId && l.Id == link.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(l => l.LastUsedAt, now), cancellationToken);
        await write.TryCommitAsync(cancellationToken);
    }

    private byte[] Hash(string secret) => master.Hash("calendar:" + secret);

    private static TrailTarget Target(CalendarLink link) => new("calendar-link", link.Id, link.Name, null);

    private static CalendarLinkBody Body(CalendarLink link, string? url) =>
        new()
        {
            Id = IdText.Format(IdText.CalendarLink, link.Id),
            Name = link.Name,
            Url = url,
            Last4 = link.Last4,
            CreatedAt = link.CreatedAt,
            LastUsedAt = link.LastUsedAt,
        };
}
