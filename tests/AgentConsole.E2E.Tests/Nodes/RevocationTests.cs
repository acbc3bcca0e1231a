using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentConsole.Core.Common;

namespace AgentConsole.E2E.Tests.Nodes;

/// <summary>What is taken away on one node is refused on the other within a second, also when the other cannot hear at that moment.</summary>
[Collection(NodesCollection.Name)]
public sealed class RevocationTests(NodesFixture fixture, ITestOutputHelper output)
{
    private const int Rounds = 20;
    private static readonly TimeSpan Promise = TimeSpan.FromSeconds(1);

    public enum Taken
    {
        KeyRevoked,
        KeyDisabled,
        TokenRevoked,
        UserDisabled,
    }

    public enum Hearing
    {
        Well,
        Cut,
        CutAgainAndAgain,
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<Taken, Hearing> Every
    {
        get
        {
            var all = new TheoryData<Taken, Hearing>();
            foreach (var hearing in Enum.GetValues<Hearing>())
            {
                foreach (var taken in Enum.GetValues<Taken>())
                    all.Add(taken, hearing);
            }
            return all;
        }
    }

    [Theory, MemberData(nameof(Every))]
    public async Task Is_refused_on_the_other_node_within_a_second(Taken taken, Hearing hearing)
    {
        using var onA = fixture.Nodes.A.Client(fixture.Olga);
        var worst = TimeSpan.Zero;
        for (var round = 0; round < Rounds; round++)
        {
            var credential = await CredentialAsync(onA, taken);
            using var onB = fixture.Nodes.B.Client(credential.Secret);
            await AnswersAsync(onB, HttpStatusCode.OK);
            using var over = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            if (hearing != Hearing.Well)
                await CutOnceAsync();
            var cutting = hearing == Hearing.CutAgainAndAgain ? CutAsync(over.Token) : Task.CompletedTask;

            using (var answer = await onA.SendAsync(credential.Take(), Stop))
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
            var took = await AnswersAsync(onB, HttpStatusCode.Unauthorized);

            await over.CancelAsync();
            await cutting;
            worst = took > worst ? took : worst;
            if (credential.GiveBack is { } back)
            {
                using var answer = await onA.SendAsync(back(), Stop);
                Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
            }
        }
        output.WriteLine($"{taken}, {hearing}: worst of {Rounds} {worst.TotalMilliseconds:0} ms");
        Assert.True(worst < Promise, $"The worst of {Rounds} took {worst.TotalMilliseconds:0} ms.");
    }

    /// <summary>Asks until this is the answer; how long that took.</summary>
    private static async Task<TimeSpan> AnswersAsync(HttpClient caller, HttpStatusCode wanted)
    {
        var startedAt = Stopwatch.GetTimestamp();
        while (true)
        {
            using var answer = await caller.GetAsync(new Uri("/api/v1/whoami", UriKind.Relative), Stop);
            var took = Stopwatch.GetElapsedTime(startedAt);
            if (answer.StatusCode == wanted)
                return took;
            Assert.True(took < TimeSpan.FromSeconds(5), $"It still answers {(int)answer.StatusCode}.");
        }
    }

    /// <summary>Cuts as soon as somebody listens: after the round before they may be about to listen again.</summary>
    private async Task CutOnceAsync()
    {
        var startedAt = Stopwatch.GetTimestamp();
        while (await fixture.Nodes.CutListenersAsync(Stop) == 0)
            Assert.True(Stopwatch.GetElapsedTime(startedAt) < TimeSpan.FromSeconds(5), "Nobody listens.");
    }

    private async Task CutAsync(CancellationToken over)
    {
        try
        {
            while (true)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, over);
                await fixture.Nodes.CutListenersAsync(over);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The round is over.
        }
    }

    private async Task<Credential> CredentialAsync(HttpClient onA, Taken taken)
    {
        HttpRequestMessage Post(string path) => new(HttpMethod.Post, path) { Content = JsonContent.Create(new { }) };
        switch (taken)
        {
            case Taken.TokenRevoked:
                using (
                    var made = await onA.PostAsJsonAsync(
                        "/api/v1/tokens",
                        new { name = "short-lived", scopes = new[] { "agents:read" } },
                        Stop
                    )
                )
                {
                    var token = await made.Content.ReadFromJsonAsync<JsonElement>(Stop);
                    Assert.True(made.IsSuccessStatusCode, token.GetRawText());
                    var path = "/api/v1/tokens/" + token.GetProperty("id").GetString();
                    return new Credential(token.GetProperty("token").GetString()!, () => new HttpRequestMessage(HttpMethod.Delete, path));
                }
            case Taken.UserDisabled:
                var user = "/api/v1/users/" + IdText.Format(IdText.User, fixture.Cast.Victor.Id);
                return new Credential(fixture.Victor, () => Post(user + "/disable"), () => Post(user + "/enable"));
            default:
                var agent = fixture.NextAgent();
                var keys = await onA.GetFromJsonAsync<JsonElement>($"/api/v1/agents/{agent.Slug}/keys", Stop);
                var key = $"/api/v1/agents/{agent.Slug}/keys/{keys.GetProperty("data")[0].GetProperty("id").GetString()}";
                return new Credential(agent.Secret, () => Post(key + (taken == Taken.KeyRevoked ? "/revoke" : "/disable")));
        }
    }

    /// <param name="GiveBack">Makes it good again, where that goes.</param>
    private sealed record Credential(string Secret, Func<HttpRequestMessage> Take, Func<HttpRequestMessage>? GiveBack = null);
}
