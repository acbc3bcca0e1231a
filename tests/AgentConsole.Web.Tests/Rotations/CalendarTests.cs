using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations.Schedules;

namespace AgentConsole.Web.Tests.Rotations;

public sealed class CalendarTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    // Reads a calendar as RFC 5545 says: unfolded first, then names, parameters and values.
    private static List<Dictionary<string, string>> Events(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        Assert.EndsWith("\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", text.Replace("\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.All(text.Split("\r\n"), line => Assert.InRange(Encoding.UTF8.GetByteCount(line), 0, 75));
        var lines = text.Replace("\r\n ", "", StringComparison.Ordinal).TrimEnd().Split("\r\n");
        Assert.Equal(("BEGIN:VCALENDAR", "VERSION:2.0", "END:VCALENDAR"), (lines[0], lines[1], lines[^1]));
        var events = new List<Dictionary<string, string>>();
        foreach (var line in lines)
        {
            var (name, value) = (line[..line.IndexOf(':')], line[(line.IndexOf(':') + 1)..]);
            if (line == "BEGIN:VEVENT")
                events.Add(new Dictionary<string, string>(StringComparer.Ordinal));
            else if (events.Count > 0)
                events[^1][name] = value;
        }
        return events;
    }

    private static string Unescape(string value) =>
        value
            .Replace("\\n", "\n", StringComparison.Ordinal)
            .Replace("\\,", ",", StringComparison.Ordinal)
            .Replace("\\;", ";", StringComparison.Ordinal)
            .Replace("\\\\", "\\", StringComparison.Ordinal);

    [Fact]
    public void Long_lines_are_folded_between_characters_and_texts_are_escaped()
    {
        var summary = string.Concat(Enumerable.Repeat("Schlüssel, 鍵; \\ 🔑 ", 12)) + "\nBEGIN:VEVENT";
        var text = CalendarText.Write(
            "Keys",
            [
                new CalendarEntry(
                    "key_1@agentconsole",
                    new DateOnly(2026, 12, 31),
                    summary,
                    "one\r\ntwo",
                    "https://console.example/x",
                    new DateTimeOffset(2026, 11, 26, 9, 0, 0, TimeSpan.Zero)
                ),
            ]
        );

        var entry = Assert.Single(Events(Encoding.UTF8.GetBytes(text)));

        Assert.Equal(summary, Unescape(entry["SUMMARY"]));
        Assert.Equal("one\ntwo", Unescape(entry["DESCRIPTION"]));
        Assert.Equal(("20261231", "20270101"), (entry["DTSTART;VALUE=DATE"], entry["DTEND;VALUE=DATE"]));
        Assert.Equal("20261126T090000Z", entry["DTSTAMP"]);
    }

    [Theory, BothDatabases]
    public async Task A_link_reads_what_its_owner_sees_until_it_is_revoked(Database database)
    {
        await using var console = await ConsoleServer.StartAsync(database);
        await console.AgentAsync("mailroom-1");
        await console.AgentAsync("reader-1", console.Cast.Research);
        using var olga = console.Client(await console.TokenAsync(console.Cast.Olga));
        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));
        using var sara = console.Client(await console.TokenAsync(console.Cast.Sara));
        using var stranger = console.Client();
        using var policy = await olga.PostAsJsonAsync("/api/v1/rotation-policies", new { cadence_days = 90 }, Stop);
        Assert.Equal(HttpStatusCode.Created, policy.StatusCode);

        using var made = await ines.PostAsJsonAsync("/api/v1/calendar-links", new { name = "Outlook" }, Stop);
        var link = await made.Content.ReadFromJsonAsync<JsonElement>(Stop);
        var (id, url) = (link.GetProperty("id").GetString()!, link.GetProperty("url").GetString()!);
        var secret = url[(url.LastIndexOf('/') + 1)..^4];
        Assert.StartsWith(console.Address.ToString() + "calendar/", url, StringComparison.Ordinal);

        using var read = await stranger.GetAsync(url, Stop);
        Assert.Equal("text/calendar; charset=utf-8", read.Content.Headers.ContentType!.ToString());
        var entry = Assert.Single(Events(await read.Content.ReadAsByteArrayAsync(Stop)));
        Assert.StartsWith("mailroom-1 / ", entry["SUMMARY"], StringComparison.Ordinal);
        Assert.Matches("^key_[0-9a-z]{26}@agentconsole$", entry["UID"]);
        Assert.Contains("/rotations/due?key=key_", entry["URL"], StringComparison.Ordinal);

        // Unchanged: nothing is sent again. Changed: the same entry with another day.
        using var again = new HttpRequestMessage(HttpMethod.Get, url);
        again.Headers.TryAddWithoutValidation("If-None-Match", read.Headers.ETag!.ToString());
        using var unchanged = await stranger.SendAsync(again, Stop);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        using var shorter = await ines.PostAsJsonAsync("/api/v1/rotation-policies", new { team = "payments", cadence_days = 30 }, Stop);
        Assert.Equal(HttpStatusCode.Created, shorter.StatusCode);
        using var moved = await stranger.GetAsync(url, Stop);
        var later = Assert.Single(Events(await moved.Content.ReadAsByteArrayAsync(Stop)));
        Assert.Equal(entry["UID"], later["UID"]);
        Assert.NotEqual(entry["DTSTART;VALUE=DATE"], later["DTSTART;VALUE=DATE"]);
        Assert.NotEqual(read.Headers.ETag, moved.Headers.ETag);

        // It is in the list without its secret, is nobody else's, and stands in no log.
        var listed = await ines.GetStringAsync("/api/v1/calendar-links", Stop);
        Assert.Contains(id, listed, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, listed, StringComparison.Ordinal);
        using var theirs = await sara.DeleteAsync($"/api/v1/calendar-links/{id}", Stop);
        Assert.Equal(HttpStatusCode.NotFound, theirs.StatusCode);
        using var guessed = await stranger.GetAsync($"/calendar/{new string('x', 43)}.ics", Stop);
        Assert.Equal(HttpStatusCode.NotFound, guessed.StatusCode);

        using var revoked = await ines.DeleteAsync($"/api/v1/calendar-links/{id}", Stop);
        Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        using var gone = await stranger.GetAsync(url, Stop);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.DoesNotContain(secret, string.Join("\n", console.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_ends_with_its_owner_and_a_person_has_ten_at_most()
    {
        await using var console = await ConsoleServer.StartAsync();
        using var ines = console.Client(await console.TokenAsync(console.Cast.Ines));
        using var stranger = console.Client();
        string? url = null;
        for (var i = 0; i < CalendarService.MostLinks; i++)
        {
            using var made = await ines.PostAsJsonAsync("/api/v1/calendar-links", new { }, Stop);
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
            url = (await made.Content.ReadFromJsonAsync<JsonElement>(Stop)).GetProperty("url").GetString();
        }
        using var tooMany = await ines.PostAsJsonAsync("/api/v1/calendar-links", new { }, Stop);
        Assert.Equal(HttpStatusCode.Conflict, tooMany.StatusCode);
        using var before = await stranger.GetAsync(url, Stop);
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);

        var olga = console.As(console.Cast.Olga);
        var id = Core.Common.IdText.Format(Core.Common.IdText.User, console.Cast.Ines.Id);
        Assert.Null((await console.Get<UserService>().DisableAsync(olga, id, Stop)).Problem);

        using var after = await stranger.GetAsync(url, Stop);
        Assert.Equal(HttpStatusCode.NotFound, after.StatusCode);
    }
}
