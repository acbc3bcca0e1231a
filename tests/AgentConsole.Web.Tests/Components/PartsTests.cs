using AgentConsole.Core.Common;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Layout;
using AgentConsole.Web.Components.Parts;
using Bunit;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Components;

public sealed class PartsTests : ConsoleBunitContext
{
    [Fact]
    public async Task A_secret_is_masked_until_asked_for_and_let_go_only_with_its_last_four()
    {
        var stored = false;
        var part = Render<SecretOnce>(p =>
            p.Add(s => s.Secret, "ak_live_Zk3mQ81xN5tRw9b2Ew4tTz").Add(s => s.Label, "Key").Add(s => s.OnStored, () => stored = true)
        );

        Assert.DoesNotContain("Zk3mQ", part.Find("output").TextContent, StringComparison.Ordinal);
        await part.ActAsync("button[aria-label='Show it']", e => e.Click());
        Assert.Equal("ak_live_Zk3mQ81xN5tRw9b2Ew4tTz", part.Find("output").TextContent);

        var button = part.FindAll("button").Single(b => b.TextContent == "I stored it");
        Assert.Equal("true", button.GetAttribute("aria-disabled"));
        await part.ActAsync("input", e => e.Input("4tTz"));
        await part.PressAsync("I stored it");

        Assert.True(stored);
    }

    [Fact]
    public void A_button_that_may_not_be_pressed_keeps_its_place_and_says_why()
    {
        var pressed = false;
        var part = Render<Act>(p =>
            p.Add(a => a.Why, "This needs the role operator in Payments.")
                .Add(a => a.OnClick, () => pressed = true)
                .AddChildContent("Pause")
        );

        var button = part.Find("button");
        Assert.Equal("true", button.GetAttribute("aria-disabled"));
        Assert.False(button.HasAttribute("disabled"));
        Assert.Equal("This needs the role operator in Payments.", part.Find("#" + button.GetAttribute("aria-describedby")).TextContent);
        Assert.Throws<MissingEventHandlerException>(() => button.Click());
        Assert.False(pressed);
    }

    [Fact]
    public async Task A_button_that_may_be_pressed_no_longer_is_the_same_element_so_that_the_focus_stays_on_it()
    {
        var pressed = 0;
        var part = Render<Act>(p => p.Add(a => a.OnClick, () => pressed++).Add(a => a.Type, "submit").AddChildContent("Save"));
        await part.ActAsync(".may > button.btn[type=submit]:not([aria-disabled])", e => e.Click());

        part.Render(p => p.Add(a => a.Why, "Not now."));
        Assert.Equal("Not now.", part.Find(".why > button[type=button][aria-disabled=true] + .tip").TextContent);
        part.Render(p => p.Add(a => a.Why, (string?)null));

        await part.ActAsync(".may > button.btn:only-child", e => e.Click());
        Assert.Equal(2, pressed);
    }

    [Fact]
    public void The_same_refusal_said_again_keeps_the_id_that_somebody_copies()
    {
        static Problem Away(string detail) => Problem.Unavailable("store_unavailable", detail);
        var part = Render<ProblemAlert>(p => p.Add(a => a.Problem, Away("As it was at 10:00.")));
        string Id() => part.Find("[role=alert] button .m").TextContent;
        var first = Id();

        part.Render(p => p.Add(a => a.Problem, Away("As it was at 10:00.")));
        Assert.Equal(first, Id());

        part.Render(p => p.Add(a => a.Problem, Away("As it was at 11:00.")));
        Assert.NotEqual(first, Id());
    }

    [Fact]
    public async Task A_toast_goes_after_ten_seconds_and_waits_while_somebody_points_at_it()
    {
        var toasts = Services.GetRequiredService<Toasts>();
        var host = Render<ToastHost>();

        await host.InvokeAsync(() => toasts.Show("Paused mailroom-1"));
        await host.ActAsync(".toast", e => e.TriggerEvent("onmouseenter", new Microsoft.AspNetCore.Components.Web.MouseEventArgs()));
        Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Contains("Paused mailroom-1", host.Markup, StringComparison.Ordinal);

        await host.ActAsync(".toast", e => e.TriggerEvent("onmouseleave", new Microsoft.AspNetCore.Components.Web.MouseEventArgs()));
        Clock.Advance(TimeSpan.FromSeconds(10));

        host.WaitForState(() => host.FindAll(".toast").Count == 0);
    }

    [Fact]
    public async Task Undo_takes_back_what_the_toast_says_and_later_ones_are_counted()
    {
        var undone = new List<string>();
        var toasts = Services.GetRequiredService<Toasts>();
        var host = Render<ToastHost>();
        Func<Task> Undo(string name) =>
            () =>
            {
                undone.Add(name);
                return Task.CompletedTask;
            };

        await host.InvokeAsync(() => toasts.Show("Paused a", Undo("a")));
        await host.InvokeAsync(() => toasts.Show("Paused b", Undo("b")));
        host.WaitForAssertion(() => Assert.Contains("and 1 before", host.Markup, StringComparison.Ordinal));
        await host.ActAsync("button[data-key='z']", e => e.Click());

        Assert.Equal(["b"], undone);
        host.WaitForAssertion(() => Assert.Contains("Paused a", host.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_toast_leads_to_what_it_tells_of()
    {
        var toasts = Services.GetRequiredService<Toasts>();
        var host = Render<ToastHost>();

        await host.InvokeAsync(() => toasts.Show("Paused 60 agents", null, "/fleet/plans/bpl_1", "Show the plan"));

        var link = host.Find(".toast a");
        Assert.Equal(("/fleet/plans/bpl_1", "Show the plan"), (link.GetAttribute("href"), link.TextContent));
        await host.InvokeAsync(() => toasts.Show("Saved"));
        Assert.Empty(host.FindAll(".toast a"));
    }

    [Fact]
    public void A_refusal_can_be_handed_to_whoever_looks_after_the_console()
    {
        var problem = new Problem(
            ProblemKind.Invalid,
            "invalid",
            "Two fields are wrong.",
            new Dictionary<string, string[]>(StringComparer.Ordinal) { ["slug"] = ["Is taken."], ["team"] = ["There is none."] }
        );
        var part = Render<ProblemAlert>(p => p.Add(a => a.Problem, problem).Add(a => a.Title, "The agent was not registered."));

        var copy = part.Find("[role=alert] [data-copy]");
        var text = copy.GetAttribute("data-copy")!;
        foreach (
            var piece in (string[])
                [
                    "The agent was not registered. Two fields are wrong.",
                    "Code: invalid",
                    "slug: Is taken.",
                    "At: " + Clock.GetUtcNow().UtcDateTime.ToString("O"),
                    "Page: http://localhost/",
                ]
        )
            Assert.Contains(piece, text, StringComparison.Ordinal);
        var id = System.Text.RegularExpressions.Regex.Match(text, "Correlation id: ([0-9a-f]{32})").Groups[1].Value;
        Assert.Equal(id[..8], copy.QuerySelector("span.m")!.TextContent);

        // The same refusal keeps its id however often it is drawn; another one has another.
        part.Render(p => p.Add(a => a.Title, "Nothing was done."));
        Assert.Contains(id, part.Markup, StringComparison.Ordinal);
        part.Render(p => p.Add(a => a.Problem, Problem.NotFound("agent")));
        Assert.DoesNotContain(id, part.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Bars_say_one_sentence_and_never_hide_a_failure()
    {
        var part = Render<Bars>(p => p.Add(b => b.Values, [(1000, 0), (1000, 1)]).Add(b => b.Label, "2,000 runs, 1 failed"));

        Assert.Equal("2,000 runs, 1 failed", part.Find("svg").GetAttribute("aria-label"));
        Assert.Equal("M10 100V94h9V100z", part.Find("path.bf").GetAttribute("d"));
    }

    [Fact]
    public void A_status_is_icon_and_word_and_an_unknown_word_is_shown_as_it_is()
    {
        Assert.Contains("#octagon-x", Status.Health("failing").Value, StringComparison.Ordinal);
        Assert.Contains("st off", Status.Liveness("silent", paused: true).Value, StringComparison.Ordinal);
        Assert.Contains("st failing", Status.Liveness("silent").Value, StringComparison.Ordinal);
        Assert.Contains("&lt;b&gt;", Status.Run("<b>").Value, StringComparison.Ordinal);
    }
}
