using System.Text;

namespace AgentConsole.Web.Components;

/// <summary>A reading call of the API as text to paste. The credential is always a variable of the reader's own, <c>AGENTCONSOLE_TOKEN</c>.</summary>
public static class Snippets
{
    /// <summary>For a POSIX shell.</summary>
    public static string Curl(string url) => $"curl --fail-with-body -H \"Authorization: Bearer $AGENTCONSOLE_TOKEN\" {Shell(url)}";

    public static string DotNet(string url) =>
        $"""
            using System.Net.Http.Headers;

            using var http = new HttpClient();
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Environment.GetEnvironmentVariable("AGENTCONSOLE_TOKEN"));
            Console.WriteLine(await http.GetStringAsync({Quoted(url)}));
            """;

    public static string TypeScript(string url) =>
        $$"""
            const response = await fetch({{Quoted(url)}}, { headers: { Authorization: `Bearer ${process.env.AGENTCONSOLE_TOKEN}` } });
            if (!response.ok) throw new Error(await response.text());
            console.log(await response.json());
            """;

    public static string Python(string url) =>
        $$"""
            import json, os, urllib.request

            request = urllib.request.Request({{Quoted(url)}}, headers={"Authorization": "Bearer " + os.environ["AGENTCONSOLE_TOKEN"]})
            with urllib.request.urlopen(request) as response:
                print(json.load(response))
            """;

    /// <summary>The text as one word of a POSIX shell, whatever is in it.</summary>
    public static string Shell(string text) => "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    /// <summary>The text as a literal of C#, TypeScript and Python alike: JSON's escapes mean the same in all three.</summary>
    public static string Quoted(string text)
    {
        var literal = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c is '"' or '\\')
                literal.Append('\\').Append(c);
            else if (c is < ' ' or > '~')
                literal.Append("\\u").Append(((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture));
            else
                literal.Append(c);
        }
        return literal.Append('"').ToString();
    }
}
