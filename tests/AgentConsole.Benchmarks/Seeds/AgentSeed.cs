using AgentConsole.Testing.Processes;
using Microsoft.Data.Sqlite;

namespace AgentConsole.Benchmarks;

/// <summary>Many agents straight into the table, as copies of one that was made in the usual way.</summary>
internal static class AgentSeed
{
    /// <summary>Adds agents without keys: <c>agent-00001</c> and so on, a few of them failing or silent.</summary>
    /// <param name="varied">With environments and tags, some of them rare.</param>
    public static async Task FillAsync(ConsoleFolder folder, int count, bool varied = false)
    {
        await using (var services = folder.Open())
            await folder.AgentsAsync(services, 1, "first");
        ConsoleFolder.LetGo();
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(folder.Path, "console.db")};Pooling=False");
        await connection.OpenAsync();
        var columns = new List<string>();
        await using var read = connection.CreateCommand();
        read.CommandText = "SELECT name FROM pragma_table_info('agents')"; // without the generated ones
        await using (var rows = await read.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
                columns.Add(rows.GetString(0));
        }
        var values = columns.Select(column =>
            column switch
            {
                "id" => "randomblob(16)",
                "slug" => "printf('agent-%05d', n)",
                "display_name" => "printf('Agent %05d', n)",
                "search_text" => "printf('agent-%05d', n) || char(10) || printf('agent %05d', n)",
                "environment" when varied => "CASE n % 3 WHEN 0 THEN 'prod' WHEN 1 THEN 'staging' END",
                "tags" when varied =>
                    "CASE n % 4 WHEN 0 THEN '[\"critical\",\"eu\"]' WHEN 1 THEN '[\"us\"]' WHEN 2 THEN printf('[\"eu\",\"t%d\"]', n % 300) ELSE '[]' END",
                "health" => "CASE WHEN n % 997 = 0 THEN 'failing' ELSE health END",
                "liveness" => "CASE WHEN n % 499 = 0 THEN 'silent' ELSE liveness END",
                _ => $"\"{column}\"",
            }
        );
        await using var fill = connection.CreateCommand();
#pragma warning disable CA2100 // names of our own columns
        fill.CommandText =
            "PRAGMA synchronous=OFF; PRAGMA cache_size=-200000; "
            + "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $count) "
            + $"INSERT INTO agents ({string.Join(", ", columns.Select(c => $"\"{c}\""))}) "
            + $"SELECT {string.Join(", ", values)} FROM numbers CROSS JOIN agents WHERE slug = 'first-00000'; PRAGMA wal_checkpoint(TRUNCATE);";
#pragma warning restore CA2100
        fill.Parameters.AddWithValue("$count", count - 1);
        fill.CommandTimeout = 0;
        await fill.ExecuteNonQueryAsync();
    }
}
