namespace AgentConsole.Core.Data;

/// <summary>Section <c>AgentConsole</c>: what belongs to the whole installation.</summary>
public sealed class ConsoleOptions
{
    public const string Section = "AgentConsole";

    /// <summary>Everything the console keeps outside a PostgreSQL database; created with mode 0700. Relative paths begin at the content root.</summary>
    public string DataDirectory { get; set; } = "data";
}

/// <summary>Section <c>AgentConsole:Store</c>.</summary>
public sealed class StoreOptions
{
    public const string Section = "AgentConsole:Store";

    /// <summary><c>sqlite</c> or <c>postgres</c>.</summary>
    public string Provider { get; set; } = "sqlite";

    /// <summary>Required with <c>postgres</c>; with <c>sqlite</c> the file is <c>{DataDirectory}/console.db</c>.</summary>
    public string? ConnectionString { get; set; }
}

/// <summary>Section <c>AgentConsole:Secrets</c>.</summary>
public sealed class SecretsOptions
{
    public const string Section = "AgentConsole:Secrets";

    /// <summary>File with 32 random bytes in base64; <c>{DataDirectory}/master.key</c> when absent. Created on SQLite only.</summary>
    public string? MasterKeyFile { get; set; }
}
