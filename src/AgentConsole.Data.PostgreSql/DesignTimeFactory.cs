using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace AgentConsole.Data.PostgreSql;

/// <summary>For the migration tool only.</summary>
internal sealed class DesignTimeFactory : IDesignTimeDbContextFactory<ConsoleDbContext>
{
    public ConsoleDbContext CreateDbContext(string[] args)
    {
        var engine = new PostgreSqlEngine("Host=localhost;Database=design_time");
        var options = new DbContextOptionsBuilder<ConsoleDbContext>();
        ConsoleDbContext.ConfigureModel(options);
        engine.Configure(options);
        return new ConsoleDbContext(options.Options, engine);
    }
}
