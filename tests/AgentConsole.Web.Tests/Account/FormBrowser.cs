using System.Net;
using System.Text.RegularExpressions;

namespace AgentConsole.Web.Tests.Account;

/// <summary>A browser without script: keeps cookies, fills forms in, follows nothing by itself.</summary>
internal sealed class FormBrowser : IDisposable
{
    private readonly SocketsHttpHandler _handler;
    private readonly HttpClient _client;

    public FormBrowser(ConsoleServer console)
    {
        _handler = new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = Cookies };
        _client = new HttpClient(_handler) { BaseAddress = console.Address };
    }

    public CookieContainer Cookies { get; } = new();

    /// <summary>The page that was seen last.</summary>
    public string Page { get; private set; } = "";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public string? Cookie(string name) => Cookies.GetAllCookies()[name]?.Value;

    public async Task<HttpResponseMessage> OpenAsync(string path)
    {
        var answer = await _client.GetAsync(path, Stop);
        Page = await answer.Content.ReadAsStringAsync(Stop);
        return answer;
    }

    /// <summary>Sends the form of the page that was opened last, whose handler or address is this, with these values.</summary>
    public async Task<HttpResponseMessage> SendAsync(string path, string form, params (string Name, string Value)[] values)
    {
        var shown = Forms()
            .FirstOrDefault(f =>
                f.Contains($"value=\"{form}\"", StringComparison.Ordinal) || f.Contains($"action=\"{form}\"", StringComparison.Ordinal)
            );
        Assert.True(shown is not null, $"There is no form {form} at {path}: {Page}");
        var fields = Regex
            .Matches(shown, "<input type=\"hidden\" name=\"([^\"]+)\"[^>]* value=\"([^\"]*)\"")
            .Select(m => (Name: m.Groups[1].Value, Value: WebUtility.HtmlDecode(m.Groups[2].Value)))
            .Concat(values);
        return await PostAsync(path, fields);
    }

    /// <summary>Sends values that no form of ours holds.</summary>
    public async Task<HttpResponseMessage> PostAsync(string path, IEnumerable<(string Name, string Value)> fields)
    {
        using var content = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        var answer = await _client.PostAsync(path, content, Stop);
        Page = await answer.Content.ReadAsStringAsync(Stop);
        return answer;
    }

    /// <summary>Opens the sign-in page and sends it.</summary>
    public async Task<HttpResponseMessage> SignInAsync(string email, string password = Person.Password, string? returnUrl = null)
    {
        var path = "/account/sign-in" + (returnUrl is null ? "" : "?returnUrl=" + Uri.EscapeDataString(returnUrl));
        await OpenAsync(path);
        return await SendAsync(path, "sign-in", ("Input.Email", email), ("Input.Password", password));
    }

    public void Dispose()
    {
        _client.Dispose();
        _handler.Dispose();
    }

    private IEnumerable<string> Forms() => Regex.Matches(Page, "<form.*?</form>", RegexOptions.Singleline).Select(m => m.Value);
}
