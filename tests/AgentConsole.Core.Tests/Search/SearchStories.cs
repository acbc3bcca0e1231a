using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Agents.Plans;
using AgentConsole.Core.Common;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Search;

namespace AgentConsole.Core.Tests.Search;

public sealed class SearchStories
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<AgentBody> RegisterAsync(TestHouse house, string slug, string team = "payments", string? name = null)
    {
        var body = new RegisterAgent
        {
            Slug = slug,
            Team = team,
            DisplayName = name,
            Key = true,
        };
        var by = team == "payments" ? house.Cast.Olga : house.Cast.Sara;
        var done = await house.Get<AgentService>().RegisterAsync(house.As(by), body, Stop);
        Assert.Null(done.Problem);
        return done.Value;
    }

    private static async Task<SearchAnswer> FindAsync(TestHouse house, Person by, string text) =>
        (await house.Get<SearchService>().FindAsync(house.As(by), text, 8, Stop)).Value;

    [Theory, BothDatabases]
    public async Task Somebody_finds_an_agent_by_part_of_its_name_and_its_key_by_what_is_shown_of_it(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var mail = await RegisterAsync(house, "mailroom-1", name: "Invoice mailroom");
        await RegisterAsync(house, "reader-1");
        var key = (await house.Get<KeyLists>().FindAsync(house.As(house.Cast.Ines), mail.ApiKeyPrefix!, 8, Stop)).Single();

        foreach (var text in (string[])["mail", "INVOICE", "room inv", "mlrm", mail.Id])
            Assert.Equal(["mailroom-1"], (await FindAsync(house, house.Cast.Ines, text)).Hits.Select(hit => hit.Agent));
        foreach (
            var text in (string[])[key.Prefix, key.Last4, $"{key.Prefix}…{key.Last4}", IdText.Format(IdText.KeyVersion, key.VersionId)]
        )
        {
            var hit = (await FindAsync(house, house.Cast.Ines, text)).Hits.First(hit => hit.Kind == SearchKind.Key);
            Assert.Equal(IdText.Format(IdText.KeyVersion, key.VersionId), hit.Id);
        }
        Assert.Empty((await FindAsync(house, house.Cast.Ines, "zebra")).Hits);
    }

    [Theory, BothDatabases]
    public async Task A_whole_key_is_found_by_its_hash_and_said_to_be_a_secret(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var mail = await RegisterAsync(house, "mailroom-1");

        var found = await FindAsync(house, house.Cast.Ines, " " + mail.ApiKey + " ");
        var strange = await FindAsync(house, house.Cast.Sara, mail.ApiKey!);
        var unknown = await FindAsync(house, house.Cast.Sara, SecretText.Create(SecretText.KeyPrefix));

        Assert.True(found.Secret);
        Assert.Equal("mailroom-1", found.Hits.Single().Agent);
        Assert.True(strange.Secret);
        Assert.Empty(strange.Hits);
        Assert.Equal((unknown.Secret, unknown.Hits.Count), (strange.Secret, strange.Hits.Count));
        Assert.True(house.Get<SearchService>().IsSecret(mail.ApiKey.AsSpan(0, 30)));
        Assert.False(house.Get<SearchService>().IsSecret(mail.ApiKeyPrefix));
    }

    [Theory, BothDatabases]
    public async Task What_belongs_to_others_is_not_found_just_as_what_never_was(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        var mail = await RegisterAsync(house, "mailroom-1");
        var key = (await house.Get<KeyLists>().FindAsync(house.As(house.Cast.Ines), mail.ApiKeyPrefix!, 8, Stop)).Single();

        string[] foreign =
        [
            mail.Id,
            "mailroom",
            key.Last4,
            mail.ApiKeyPrefix!,
            IdText.Format(IdText.Key, key.KeyId),
            IdText.Format(IdText.KeyVersion, key.VersionId),
            IdText.Format(IdText.Team, house.Cast.Payments),
            IdText.Format(IdText.User, house.Cast.Olga.Id),
            house.As(house.Cast.Olga).Label,
            house.As(house.Cast.Olga).CorrelationId,
        ];
        foreach (var text in foreign)
            Assert.Empty((await FindAsync(house, house.Cast.Sara, text)).Hits);
        Assert.Empty((await FindAsync(house, house.Cast.Sara, IdText.Format(IdText.Agent, Guid.NewGuid()))).Hits);
    }

    [Theory, BothDatabases]
    public async Task A_plan_is_found_by_its_digest_by_its_maker_and_a_request_by_its_correlation_id(Database database)
    {
        await using var house = await TestHouse.OpenAsync(database);
        await RegisterAsync(house, "mailroom-1");
        var pause = new MakePlan { Action = "pause", Agents = ["mailroom-1"] };
        var plan = (await house.Get<BulkPlanService>().MakeAsync(house.As(house.Cast.Ines), pause, Stop)).Value;
        var shown = plan.Digest[..BulkPlanService.ShownDigest];

        foreach (var text in (string[])[$"sha256:{plan.Digest}", $"sha256:{shown}", shown, plan.Digest.ToUpperInvariant()])
        {
            var hit = Assert.Single((await FindAsync(house, house.Cast.Ines, text)).Hits, hit => hit.Kind == SearchKind.Plan);
            Assert.Equal(plan.Id, hit.Id);
            foreach (var other in new[] { house.Cast.Olga, house.Cast.Sara, house.Cast.Gus })
                Assert.Empty((await FindAsync(house, other, text)).Hits);
        }
        Assert.Empty((await FindAsync(house, house.Cast.Ines, $"sha256:{shown[..^1]}")).Hits);

        // Whoever may read the trail finds the request that registered the agent.
        const string Request = "c-registers-reader-1";
        var body = new RegisterAgent { Slug = "reader-1", Team = "payments" };
        Assert.Null(
            (await house.Get<AgentService>().RegisterAsync(house.As(house.Cast.Olga) with { CorrelationId = Request }, body, Stop)).Problem
        );
        foreach (var reader in new[] { house.Cast.Olga, house.Cast.Tara })
            Assert.Equal((SearchKind.Request, Request), Single(await FindAsync(house, reader, Request)));
        foreach (var stranger in new[] { house.Cast.Victor, house.Cast.Sara, house.Cast.Gus })
            Assert.Empty((await FindAsync(house, stranger, Request)).Hits);

        static (SearchKind, string) Single(SearchAnswer answer) => (Assert.Single(answer.Hits).Kind, answer.Hits[0].Id);
    }

    [Theory]
    [InlineData("mailroom-1", "mail", "email")]
    [InlineData("mail", "mail", "mailroom")]
    [InlineData("the-mail", "mail", "themail")]
    [InlineData("mailroom", "mlrm", "mxxxxlxxxxrxxxxm")]
    public void The_better_answer_comes_first(string better, string query, string worse)
    {
        var fuzzy = new Fuzzy(query);

        Assert.True(fuzzy.Score(better, better) > fuzzy.Score(worse, worse));
        Assert.Equal(fuzzy.Needs, Letters.Of(better) & fuzzy.Needs);
    }

    [Fact]
    public void Of_a_long_question_the_first_words_count()
    {
        var many = new Fuzzy("a b c d e f g h " + string.Join(' ', Enumerable.Repeat("zebra", 40)));

        Assert.Equal(new Fuzzy("a b c d e f g h").Score("abcdefgh", "abcdefgh"), many.Score("abcdefgh", "abcdefgh"));
        Assert.Equal(0ul, many.Needs & Letters.Of("z"));
    }

    [Fact]
    public void Nothing_comes_of_letters_that_are_not_there()
    {
        Assert.Equal(0, new Fuzzy("mailx").Score("mailroom", "Mailroom"));
        Assert.Equal(0, new Fuzzy("mail zebra").Score("mailroom", "Mailroom"));
    }
}
