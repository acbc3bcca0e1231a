namespace AgentConsole.Web.Agents;

/// <summary>
/// The shortest program that reports a run with a step, in the languages one is likely to have at hand. Each reads the key from <c>AGENT_KEY</c>: a
/// secret in a command stays in the shell's history.
/// </summary>
public static class FirstRunCode
{
    /// <param name="Id">As it stands in the address.</param>
    /// <param name="File">Where to save it; null for what is pasted into a shell.</param>
    /// <param name="Command">What runs the file.</param>
    public sealed record Language(string Id, string Name, string? File, string? Command);

    public static readonly IReadOnlyList<Language> Languages =
    [
        new("curl", "curl", null, null),
        new("dotnet", ".NET", "first-run.cs", "dotnet run first-run.cs"),
        new("typescript", "TypeScript", "first-run.mts", "node first-run.mts"),
        new("python", "Python", "first-run.py", "python3 first-run.py"),
    ];

    /// <summary>The language of this id; curl for an unknown one.</summary>
    public static Language Find(string? id) => Languages.FirstOrDefault(l => l.Id == id) ?? Languages[0];

    /// <param name="console">Address of the console, with the slash at its end.</param>
    public static string Of(Language language, string console) =>
        (
            language.Id switch
            {
                "dotnet" => DotNet,
                "typescript" => TypeScript,
                "python" => Python,
                _ => Curl,
            }
        ).Replace("{console}", console.TrimEnd('/'), StringComparison.Ordinal);

    private const string Curl = """
        RUN="first-$(date +%s)"
        report() {
          curl -sS "{console}/api/v1/runs$1" -H "Authorization: Bearer $AGENT_KEY" -H "Content-Type: application/json" -d "$2"; echo
        }
        report "" '{"external_id": "'$RUN'", "status": "running"}'
        report "/$RUN/events" '{"kind": "tool-call", "name": "list-files", "status": "ok", "metadata": {"files": '$(ls | wc -l)'}}'
        report "" '{"external_id": "'$RUN'", "status": "completed", "summary": "Counted the files here"}'
        """;

    private const string DotNet = """"
        using System.Net.Http.Headers;
        using System.Text;

        using var http = new HttpClient { BaseAddress = new Uri("{console}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Environment.GetEnvironmentVariable("AGENT_KEY"));

        async Task Report(string path, string json)
        {
            using var answer = await http.PostAsync("/api/v1/runs" + path, new StringContent(json, Encoding.UTF8, "application/json"));
            Console.WriteLine($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }

        var run = $"first-{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}";
        var files = Directory.GetFiles(".").Length;
        await Report("", $$"""{"external_id": "{{run}}", "status": "running"}""");
        await Report($"/{run}/events", $$$"""{"kind": "tool-call", "name": "list-files", "status": "ok", "metadata": {"files": {{{files}}}}}""");
        await Report("", $$"""{"external_id": "{{run}}", "status": "completed", "summary": "Counted {{files}} files"}""");
        """";

    private const string TypeScript = """
        import { readdirSync } from "node:fs";

        async function report(path: string, body: object): Promise<void> {
          const answer = await fetch("{console}/api/v1/runs" + path, {
            method: "POST",
            headers: { Authorization: `Bearer ${process.env.AGENT_KEY}`, "Content-Type": "application/json" },
            body: JSON.stringify(body),
          });
          console.log(answer.status, await answer.text());
        }

        const run = `first-${Date.now()}`;
        const files = readdirSync(".").length;
        await report("", { external_id: run, status: "running" });
        await report(`/${run}/events`, { kind: "tool-call", name: "list-files", status: "ok", metadata: { files } });
        await report("", { external_id: run, status: "completed", summary: `Counted ${files} files` });
        """;

    private const string Python = """
        import json, os, time, urllib.request

        def report(path, body):
            request = urllib.request.Request(
                "{console}/api/v1/runs" + path,
                data=json.dumps(body).encode(),
                headers={"Authorization": "Bearer " + os.environ["AGENT_KEY"], "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request) as answer:
                print(answer.status, answer.read().decode())

        run = f"first-{int(time.time())}"
        files = len(os.listdir("."))
        report("", {"external_id": run, "status": "running"})
        report(f"/{run}/events", {"kind": "tool-call", "name": "list-files", "status": "ok", "metadata": {"files": files}})
        report("", {"external_id": run, "status": "completed", "summary": f"Counted {files} files"})
        """;
}
