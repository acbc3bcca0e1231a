namespace AgentConsole.Web.Account;

/// <summary>The line that tells the operator of an empty console how to become its administrator.</summary>
internal static class SetupLine
{
    /// <param name="addresses">Where the console listens; a wildcard host is shown as localhost.</param>
    /// <param name="path">Path of the link, which holds the secret.</param>
    public static void Write(TextWriter output, IEnumerable<string> addresses, string path)
    {
        var address = addresses.FirstOrDefault() ?? "http://localhost:5080";
        var wild = BindingAddress.Parse(address);
        var host = wild.Host is "+" or "*" or "[::]" or "0.0.0.0" ? "localhost" : wild.Host;
        output.WriteLine();
        output.WriteLine("This console has no administrator yet. Open this link to become it (it works once, for 24 hours):");
        output.WriteLine($"  {wild.Scheme}://{host}:{wild.Port}{path}");
        output.WriteLine();
        output.Flush();
    }
}
