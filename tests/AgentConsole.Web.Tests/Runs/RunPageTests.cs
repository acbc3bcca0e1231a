using AgentConsole.Contracts;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Components;
using AgentConsole.Web.Runs;
using AgentConsole.Web.Tests.Components;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Web.Tests.Runs;

public sealed class RunPageTests : ConsoleBunitContext
{
    private IRenderedComponent<RunPage> Open(string id, string? step = null)
    {
        Services.GetRequiredService<NavigationManager>().NavigateTo(ConsoleUrls.With(ConsoleUrls.Run(id), ("step", step)));
        return Render<RunPage>(p => p.Add(r => r.Id, id));
    }

    private async Task<RunBody> WithStepsAsync()
    {
        var agent = await RegisterAsync("mailroom-1", body => body with { CaptureMode = "metadata" });
        var run = await ReportAsync(agent, "running", "job-1", "Reads the mail");
        List<ReportEvent> steps =
        [
            new()
            {
                Kind = "iteration",
                ExternalId = "round",
                Name = "round 1",
                DurationMs = 4_000,
            },
            new()
            {
                Kind = "tool-call",
                ExternalId = "fetch",
                Parent = "round",
                Name = "fetch_mail",
                DurationMs = 3_000,
                Status = "error",
                Error = "the server hung up",
            },
        ];
        Assert.Null((await Get<RunIngest>().AddEventsAsync(As(agent), null, run.Id, steps, 100)).Problem);
        Clock.Advance(TimeSpan.FromSeconds(5));
        return run;
    }

    [Fact]
    public async Task Steps_stand_within_each_other_and_where_the_time_went_is_said_in_words()
    {
        var run = await WithStepsAsync();

        var page = Open(run.Id);

        Assert.Equal("Reads the mail", page.Find("h1").TextContent);
        Assert.Equal(["round 1", "fetch_mail"], page.FindAll("[data-testid=step-row] .nm").Select(a => a.TextContent));
        Assert.Contains("the server hung up", page.FindAll("[data-testid=step-row]")[1].TextContent, StringComparison.Ordinal);
        var words = page.Find(".xb").GetAttribute("aria-label")!;
        Assert.Contains("Tools 60", words, StringComparison.Ordinal);
        Assert.Contains("Gaps 40", words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_is_opened_by_the_address()
    {
        var run = await WithStepsAsync();
        var href = Open(run.Id).FindAll("[data-testid=step-row] .nm")[1].GetAttribute("href")!;
        var step = href[(href.IndexOf("step=", StringComparison.Ordinal) + 5)..];

        var page = Open(run.Id, step);

        Assert.Contains("fetch_mail", page.Find("aside[aria-label=Step]").TextContent, StringComparison.Ordinal);
        Assert.Contains("sel", page.FindAll("[data-testid=step-row]")[1].ClassName, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_ends_before_the_eyes_of_who_looks()
    {
        var agent = await RegisterAsync("mailroom-1");
        var run = await ReportAsync(agent, "running", "job-1", "Reads the mail");
        var page = Open(run.Id);
        Assert.Contains("Running", page.Find("[data-testid=run-status]").TextContent, StringComparison.Ordinal);
        Assert.Contains("This run has reported no steps", page.Markup, StringComparison.Ordinal);

        await ReportAsync(agent, "completed", "job-1", "Reads the mail");

        page.WaitForAssertion(() =>
            Assert.Contains("Completed", page.Find("[data-testid=run-status]").TextContent, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_run_of_another_team_and_one_that_never_was_look_the_same()
    {
        var run = await ReportAsync(await RegisterAsync("mailroom-1"), "completed", "job-1", "Secret of payments");
        LookAs(Cast.Sara);

        var theirs = Open(run.Id);
        var nobodys = Open("run_00000000000000000000000000");

        Assert.Contains("There is no such run, or you may not see it", theirs.Markup, StringComparison.Ordinal);
        Assert.Equal(nobodys.Find("h2").TextContent, theirs.Find("h2").TextContent);
        Assert.DoesNotContain("Secret of payments", theirs.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_names_what_happens_and_the_page_says_cancelled_only_after_the_agent()
    {
        var agent = await RegisterAsync("mailroom-1");
        var run = await ReportAsync(agent, "running", "job-1", "Reads the mail");
        await Get<RunIngest>().ReportAsync(As(agent), null, new ReportRun { Status = "running", ParentRun = run.Id }, 100);
        var watch = Get<CancelWatch>();
        var page = Open(run.Id);

        await page.PressAsync("Cancel…");
        page.WaitForAssertion(() =>
            Assert.Contains("1\u00a0run that it started", page.Find("dialog").TextContent, StringComparison.Ordinal)
        );
        await page.ActAsync("dialog .fld input", input => input.Change("wrong tax year"));
        await page.PressAsync("Ask to cancel");

        page.WaitForAssertion(() =>
            Assert.Contains("Cancel asked, not confirmed", page.Find("[data-testid=cancel-status]").TextContent, StringComparison.Ordinal)
        );
        Assert.Equal("Running", page.Find("[data-testid=run-status]").TextContent);
        Assert.Contains("wrong tax year", page.Find("[data-testid=cancel-note]").TextContent, StringComparison.Ordinal);
        Assert.Equal("true", page.FindAll("button").First(b => b.TextContent.Trim() == "Cancel…").GetAttribute("aria-disabled"));

        Clock.Advance(TimeSpan.FromSeconds(31));
        await watch.StepAsync(Stop);
        await SoonAsync(
            page,
            () =>
                Assert.Contains(
                    "Not confirmed after 30\u00a0s: the agent has not answered",
                    page.Find("[data-testid=cancel-note]").TextContent,
                    StringComparison.Ordinal
                )
        );
        Assert.DoesNotContain("Cancelled", page.Markup, StringComparison.Ordinal);
        // It may be asked again.
        await page.PressAsync("Ask again…");
        await page.PressAsync("Ask to cancel");
        page.WaitForAssertion(() =>
            Assert.DoesNotContain("Not confirmed", page.Find("[data-testid=cancel-note]").TextContent, StringComparison.Ordinal)
        );

        await Get<RunCancelService>().AcknowledgeAsync(As(agent), run.Id, Stop);
        await SoonAsync(
            page,
            () => Assert.Contains("Cancel heard", page.Find("[data-testid=cancel-status]").TextContent, StringComparison.Ordinal)
        );
        await ReportAsync(agent, "cancelled", "job-1");
        await SoonAsync(page, () => Assert.Equal("Cancelled", page.Find("[data-testid=run-status]").TextContent));
        Assert.Empty(page.FindAll("[data-testid=cancel-status], [data-testid=cancel-note]"));
        Assert.Contains("The agent confirmed", page.Find("aside").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_question_stands_in_the_address_and_what_goes_on_is_said()
    {
        var agent = await RegisterAsync("mailroom-1");
        var run = await ReportAsync(agent, "running", "job-1", "Reads the mail");
        var browser = Services.GetRequiredService<NavigationManager>();
        var page = Open(run.Id);
        await page.PressAsync("Cancel…");
        page.WaitForAssertion(() => Assert.EndsWith("?act=cancel", browser.Uri, StringComparison.Ordinal));

        // After a restart the address is all that is left.
        var back = Render<RunPage>(p => p.Add(r => r.Id, run.Id));
        Assert.Contains("Cancel Reads the mail?", back.Find("dialog").TextContent, StringComparison.Ordinal);
        await back.PressAsync("Ask to cancel");
        back.WaitForAssertion(() => Assert.Empty(back.FindAll("dialog")));
        Assert.DoesNotContain("act=", browser.Uri, StringComparison.Ordinal);

        await Get<RunIngest>().ReportAsync(As(agent), null, new ReportRun { Status = "running", ParentRun = run.Id }, 100);
        await ReportAsync(agent, "cancelled", "job-1", "Reads the mail");
        await SoonAsync(
            back,
            () =>
                Assert.Contains(
                    "1\u00a0run it started goes on: nobody asked to cancel it.",
                    back.Find("aside").TextContent,
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public async Task Who_may_not_cancel_reads_why()
    {
        var agent = await RegisterAsync("mailroom-1");
        var run = await ReportAsync(agent, "running", "job-1");
        LookAs(Cast.Victor);

        var page = Open(run.Id);

        var button = page.FindAll("button").First(b => b.TextContent.Trim() == "Cancel…");
        Assert.Equal("true", button.GetAttribute("aria-disabled"));
        Assert.Contains(
            "operator or team-admin",
            page.Find("#" + button.GetAttribute("aria-describedby")).TextContent,
            StringComparison.Ordinal
        );
    }
}
