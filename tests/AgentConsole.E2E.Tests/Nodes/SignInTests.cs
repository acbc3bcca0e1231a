using System.Net;
using System.Text.RegularExpressions;
using AgentConsole.Testing.Processes;

namespace AgentConsole.E2E.Tests.Nodes;

/// <summary>Whoever signed in on one node is signed in on the other, and a form of one may be sent to the other.</summary>
[Collection(NodesCollection.Name)]
public sealed class SignInTests(NodesFixture fixture)
{
    private const string SignIn = "/account/sign-in";
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_cookie_of_one_node_is_accepted_by_the_other_within_a_second()
    {
        using var browser = new Browser();
        await browser.OpenAsync(fixture.Nodes.A, SignIn);

        using var signedIn = await browser.SendAsync(fixture.Nodes.A, SignIn, fixture.Cast.Ines);
        Assert.Equal(HttpStatusCode.Found, signedIn.StatusCode);
        await browser.FindsAsync(fixture.Nodes.B, "/fleet", HttpStatusCode.OK);

        Assert.Contains("account of Ines", browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_of_one_node_is_taken_by_the_other()
    {
        using var browser = new Browser();
        await browser.OpenAsync(fixture.Nodes.A, SignIn);

        using var signedIn = await browser.SendAsync(fixture.Nodes.B, SignIn, fixture.Cast.Otto);
        await browser.FindsAsync(fixture.Nodes.A, "/fleet", HttpStatusCode.OK);

        Assert.Equal(HttpStatusCode.Found, signedIn.StatusCode);
        Assert.Contains("account of Otto", browser.Page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_signed_out_on_one_node_is_signed_out_on_the_other()
    {
        using var browser = new Browser();
        await browser.OpenAsync(fixture.Nodes.A, SignIn);
        using var signedIn = await browser.SendAsync(fixture.Nodes.A, SignIn, fixture.Cast.Alma);
        using var copy = browser.Copy();
        await copy.FindsAsync(fixture.Nodes.B, "/fleet", HttpStatusCode.OK);
        using var page = await browser.OpenAsync(fixture.Nodes.A, "/account");

        using var signedOut = await browser.SendAsync(fixture.Nodes.A, "/account/sign-out", null);

        Assert.Equal(HttpStatusCode.Found, signedOut.StatusCode);
        await copy.FindsAsync(fixture.Nodes.B, "/fleet", HttpStatusCode.Found); // with the cookie of before
    }

    /// <summary>A browser without script, behind a balancer that gives each call to the node that the test says.</summary>
    private sealed class Browser : IDisposable
    {
        private readonly CookieContainer _cookies;
        private readonly HttpClient _client;

        public Browser()
            : this(new CookieContainer()) { }

        private Browser(CookieContainer cookies)
        {
            _cookies = cookies;
            // Cookies know no port: what one node set goes to the other as well.
            _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = cookies });
        }

        public string Page { get; private set; } = "";

        public async Task<HttpResponseMessage> OpenAsync(ConsoleNode node, string path)
        {
            var answer = await _client.GetAsync(new Uri(node.Address, path), Stop);
            Page = await answer.Content.ReadAsStringAsync(Stop);
            return answer;
        }

        /// <summary>Opens the page until this is the answer, for at most a second.</summary>
        public async Task FindsAsync(ConsoleNode node, string path, HttpStatusCode wanted)
        {
            var startedAt = TimeProvider.System.GetTimestamp();
            while (true)
            {
                using var answer = await OpenAsync(node, path);
                if (answer.StatusCode == wanted)
                    return;
                Assert.True(
                    TimeProvider.System.GetElapsedTime(startedAt) < TimeSpan.FromSeconds(1),
                    $"The other node still answers {(int)answer.StatusCode}."
                );
            }
        }

        /// <summary>Sends the form of the page that was opened last which goes to this path.</summary>
        /// <param name="person">Who signs in with it; null where it asks for nothing.</param>
        public async Task<HttpResponseMessage> SendAsync(ConsoleNode node, string path, Person? person)
        {
            var form = Regex
                .Matches(Page, "<form.*?</form>", RegexOptions.Singleline)
                .Select(m => m.Value)
                .First(f =>
                    person is null
                        ? f.Contains($"action=\"{path}\"", StringComparison.Ordinal)
                        : f.Contains("Input.Email", StringComparison.Ordinal)
                );
            var fields = Regex
                .Matches(form, "<input type=\"hidden\" name=\"([^\"]+)\"[^>]* value=\"([^\"]*)\"")
                .Select(m => KeyValuePair.Create(m.Groups[1].Value, WebUtility.HtmlDecode(m.Groups[2].Value)));
            if (person is not null)
                fields = fields.Append(new("Input.Email", person.Email)).Append(new("Input.Password", Person.Password));
            using var content = new FormUrlEncodedContent(fields);
            return await _client.PostAsync(new Uri(node.Address, path), content, Stop);
        }

        /// <summary>One that somebody copied the cookies to.</summary>
        public Browser Copy()
        {
            var cookies = new CookieContainer();
            cookies.Add(_cookies.GetAllCookies());
            return new Browser(cookies);
        }

        public void Dispose() => _client.Dispose();
    }
}
