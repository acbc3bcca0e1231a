using System.Data.Common;
using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace AgentConsole.Core.Tests.Data;

/// <summary>Every statement that the services' contexts send, and whether it was sent in a transaction for writing, that is, under the gate.</summary>
internal sealed class Overheard(IStoreEngine engine) : DbCommandInterceptor, IDbContextFactory<ConsoleDbContext>
{
    private DbContextOptions<ConsoleDbContext>? _options;

    public List<(bool InWrite, string Sql)> Statements { get; } = [];

    /// <summary>What happens before the next reading outside of a write that matches; once.</summary>
    public (string Sql, Func<Task> Act)? Before { get; set; }

    public static void AddTo(IServiceCollection services)
    {
        services.AddSingleton<Overheard>();
        services.AddSingleton<IDbContextFactory<ConsoleDbContext>>(s => s.GetRequiredService<Overheard>());
    }

    public ConsoleDbContext CreateDbContext()
    {
        if (_options is null)
        {
            var builder = new DbContextOptionsBuilder<ConsoleDbContext>();
            ConsoleDbContext.ConfigureModel(builder);
            engine.Configure(builder);
            builder.AddInterceptors(this);
            _options = builder.Options;
        }
        return new ConsoleDbContext(_options, engine);
    }

    public override async ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<DbDataReader> result,
        CancellationToken cancellationToken = default
    )
    {
        var text = Note(command);
        if (Before is var (sql, act) && command.Transaction is null && text.Contains(sql, StringComparison.Ordinal))
        {
            Before = null;
            await act();
        }
        return result;
    }

    public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
        DbCommand command,
        CommandEventData eventData,
        InterceptionResult<int> result,
        CancellationToken cancellationToken = default
    )
    {
        Note(command);
        return ValueTask.FromResult(result);
    }

    private string Note(DbCommand command)
    {
        var text = command.CommandText.Replace("\"", "", StringComparison.Ordinal); // SQLite's names are quoted
        lock (Statements)
            Statements.Add((command.Transaction is not null, text));
        return text;
    }
}
