using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Web.Components.Submissions;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Tests.Components;

/// <summary>A form that is sent again under the same key, as after a crash between commit and answer.</summary>
public sealed class SubmitOnceTests : ConsoleBunitContext
{
    private const string Key = "0123456789abcdef0123456789abcdef";

    private static Submission Form(string name = "key-mint", string key = Key)
    {
        var form = new Submission(name);
        form.Take(key);
        return form;
    }

    // A circuit of its own each time: what was known before the crash is gone.
    private SubmitOnce Anew() =>
        new(Services.GetService(typeof(Web.Api.Retries)) as Web.Api.Retries ?? throw new InvalidOperationException());

    private Task<Outcome<KeyBody>> MintAsync(SubmitOnce once, Submission form, Person person, AgentBody agent, string name = "laptop") =>
        once.RunAsync(
            form,
            House.As(person),
            new MintKey { Name = name },
            me => Get<KeyService>().MintAsync(me, agent.Id, new MintKey { Name = name }, Stop),
            Stop
        );

    private async Task<int> KeysAsync(AgentBody agent) =>
        (await Get<KeyService>().ListAsync(House.As(Cast.Olga), agent.Id, Stop)).Value.Count;

    [Fact]
    public async Task A_key_that_is_asked_for_again_is_the_same_key_with_the_same_secret()
    {
        var agent = await RegisterAsync("mailroom-1");
        var first = await MintAsync(Anew(), Form(), Cast.Ines, agent);

        var again = await MintAsync(Anew(), Form(), Cast.Ines, agent);

        Assert.NotNull(first.Value.ApiKey);
        Assert.Equal(first.Value.ApiKey, again.Value.ApiKey);
        Assert.Equal(first.Value.Id, again.Value.Id);
        Assert.Equal(1, await KeysAsync(agent));
    }

    [Fact]
    public async Task The_stored_answer_holds_no_secret_and_not_the_key_that_opens_it()
    {
        var agent = await RegisterAsync("mailroom-1");
        var minted = await MintAsync(Anew(), Form(), Cast.Ines, agent);

        await using var db = await Get<ConsoleStore>().ReadAsync(Stop);
        var stored = await db.StoredRetries.SingleAsync(Stop);

        Assert.True(stored.Sealed);
        var text = System.Text.Encoding.Latin1.GetString([.. stored.Body, .. stored.Scope, .. stored.BodyHash]);
        Assert.DoesNotContain(minted.Value.ApiKey![3..], text, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, text, StringComparison.Ordinal);
        Assert.Throws<System.Security.Cryptography.AuthenticationTagMismatchException>(() =>
            MasterKey.Open(Get<MasterKey>().Derive("retry-answer"), stored.Body)
        );
    }

    [Fact]
    public async Task Another_person_who_knows_the_key_of_a_form_gets_nothing_of_its_result()
    {
        var agent = await RegisterAsync("mailroom-1");
        var first = await MintAsync(Anew(), Form(), Cast.Ines, agent);

        var other = await MintAsync(Anew(), Form(), Cast.Olga, agent);
        var victor = await MintAsync(Anew(), Form(), Cast.Victor, agent);

        Assert.NotEqual(first.Value.ApiKey, other.Value.ApiKey);
        Assert.Equal(ProblemKind.Forbidden, victor.Problem!.Kind);
    }

    [Fact]
    public async Task Other_values_under_the_same_key_are_refused_once_and_the_form_counts_as_new_then()
    {
        var agent = await RegisterAsync("mailroom-1");
        await MintAsync(Anew(), Form(), Cast.Ines, agent);
        var form = Form();

        var refused = await MintAsync(Anew(), form, Cast.Ines, agent, "server");

        Assert.Equal("submitted_before", refused.Problem!.Code);
        Assert.Equal(Key, form.Spent);
        Assert.Null(form.Key);
        Assert.Equal(1, await KeysAsync(agent));
    }

    [Fact]
    public async Task A_second_press_before_the_browser_heard_of_the_first_result_makes_nothing()
    {
        var agent = await RegisterAsync("mailroom-1");
        var once = Anew();
        var form = Form();
        var first = await MintAsync(once, form, Cast.Ines, agent);

        var second = await MintAsync(once, form, Cast.Ines, agent, ""); // the page has emptied its fields

        Assert.Equal(first.Value.Id, second.Value.Id);
        Assert.Equal(1, await KeysAsync(agent));
        Assert.Contains(Key, once.Confirmed);
    }

    [Fact]
    public async Task Two_presses_at_the_same_moment_give_one_key_and_one_result()
    {
        var agent = await RegisterAsync("mailroom-1");

        var both = await Task.WhenAll(MintAsync(Anew(), Form(), Cast.Ines, agent), MintAsync(Anew(), Form(), Cast.Ines, agent));

        Assert.Equal(both[0].Value.ApiKey, both[1].Value.ApiKey);
        Assert.Equal(1, await KeysAsync(agent));
    }

    [Fact]
    public async Task A_refused_form_may_be_mended_and_sent_under_the_same_key()
    {
        var once = Anew();
        var form = Form("register");
        var refused = await once.RunAsync(
            form,
            House.As(Cast.Olga),
            "bad",
            me => Get<AgentService>().RegisterAsync(me, new RegisterAgent { Slug = "Not A Slug" }, Stop),
            Stop
        );
        var made = await once.RunAsync(
            form,
            House.As(Cast.Olga),
            "good",
            me =>
                Get<AgentService>()
                    .RegisterAsync(
                        me,
                        new RegisterAgent
                        {
                            Slug = "mailroom-1",
                            Team = "payments",
                            Key = true,
                        },
                        Stop
                    ),
            Stop
        );

        Assert.NotNull(refused.Problem);
        Assert.NotNull(made.Value.ApiKey);
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("has spaces in it, which no key of ours has")]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0")]
    public void What_is_no_key_of_ours_counts_as_none(string key) => Assert.Null(Form(key: key).Key);
}
