using System.Net.Http.Json;

namespace AgentConsole.E2E.Tests.Journeys;

public sealed class ZoneJourney(Chromium chromium) : JourneyTest(chromium)
{
    [Fact]
    public async Task Times_are_where_the_person_is_and_in_UTC_when_they_ask_and_a_copied_time_is_the_instant()
    {
        await Console.AgentAsync("mailroom-1");
        var page = await OpenAsync(Console.Cast.Olga, zone: "Asia/Tokyo");
        await page.GotoAsync("/agents/mailroom-1");
        await Expect(page.Locator(".zone-b")).ToHaveTextAsync("UTC"); // not known yet, and said so

        await page.ReloadAsync();
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await Expect(page.Locator(".zone-b")).ToHaveTextAsync("Tokyo +09:00");
        var registered = page.Locator("time").Last;
        await Expect(registered).ToHaveAttributeAsync("title", new System.Text.RegularExpressions.Regex(@"\+09:00 Asia/Tokyo$"));
        await Expect(registered).ToHaveAttributeAsync("datetime", new System.Text.RegularExpressions.Regex("Z$"));
        // Sent in that zone, not put right by a script afterwards.
        var sent = await (await page.Context.APIRequest.GetAsync(page.Url)).TextAsync();
        Assert.Contains("Asia/Tokyo\"", sent, StringComparison.Ordinal);

        var copied = await registered.EvaluateAsync<string>(
            """
            (time) => {
              getSelection().selectAllChildren(time);
              const data = new DataTransfer();
              document.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, cancelable: true, bubbles: true }));
              return data.getData("text/plain");
            }
            """
        );
        Assert.Equal(await registered.GetAttributeAsync("datetime"), copied);

        await page.Locator(".zone-b").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "UTC UTC" }).ClickAsync();
        await Expect(page.Locator(".zone-b")).ToHaveTextAsync("UTC");
        await Expect(registered).ToHaveAttributeAsync("title", new System.Text.RegularExpressions.Regex("UTC$"));
    }

    [Fact]
    public async Task Times_of_the_team_are_in_the_teams_zone_and_the_choice_stays()
    {
        await Console.AgentAsync("mailroom-1");
        using var olga = Console.Client(await Console.TokenAsync(Console.Cast.Olga));
        using var team = await olga.GetAsync("/api/v1/teams/payments", Stop);
        using var change = new HttpRequestMessage(HttpMethod.Patch, "/api/v1/teams/payments")
        {
            Content = JsonContent.Create(new { time_zone = "America/Sao_Paulo" }),
        };
        change.Headers.IfMatch.Add(team.Headers.ETag!);
        using (var changed = await olga.SendAsync(change, Stop))
            changed.EnsureSuccessStatusCode();
        var page = await OpenAsync(Console.Cast.Ines, zone: "Asia/Tokyo");
        await page.GotoAsync("/agents/mailroom-1");
        await page.ReloadAsync();
        await Expect(page.GetByTestId("live-badge")).ToContainTextAsync("Live");
        await Expect(page.Locator(".zone-b")).ToHaveTextAsync("Tokyo +09:00");

        await page.Locator(".zone-b").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Team Sao Paulo -03:00" }).ClickAsync();

        await Expect(page.Locator(".zone-b")).ToHaveTextAsync("Sao Paulo -03:00");
        await Expect(page.Locator("time").Last)
            .ToHaveAttributeAsync("title", new System.Text.RegularExpressions.Regex("-03:00 America/Sao_Paulo$"));
        await page.GotoAsync("/runs");
        await Expect(page.Locator(".zone-b")).ToHaveTextAsync("Sao Paulo -03:00");
    }
}
