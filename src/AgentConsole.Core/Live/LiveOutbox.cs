using AgentConsole.Core.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace AgentConsole.Core.Live;

/// <summary>
/// A live event on its way to the other nodes of a shared store, written in the transaction of its change. Unused with a single writer: there the
/// feed inside the process is the whole audience.
/// </summary>
public sealed class LiveOutboxRow
{
    /// <summary>Given by the database; rises, but not in the order of commits: read below the oldest running transaction only.</summary>
    public long Position { get; init; }

    /// <summary>PostgreSQL's 64-bit id of the transaction that wrote the row.</summary>
    public long TransactionId { get; init; }

    /// <summary>The node that wrote it, which has told its own subscribers already.</summary>
    public Guid Node { get; init; }
    public required string Noun { get; init; }
    public Guid OrganizationId { get; init; }
    public Guid? TeamId { get; init; }
    public Guid? AgentId { get; init; }
    public Guid SubjectId { get; init; }
    public DateTimeOffset At { get; init; }

    /// <summary>Further subjects of which the same is told, 16 bytes each; null when there is none.</summary>
    public byte[]? Others { get; init; }

    /// <summary>Every subject, in the order in which they were told.</summary>
    public IEnumerable<Guid> Subjects()
    {
        for (var at = 0; at < (Others?.Length ?? 0); at += 16)
            yield return new Guid(Others.AsSpan(at, 16), bigEndian: true);
        yield return SubjectId;
    }
}

internal sealed class LiveOutboxConfiguration : IEntityTypeConfiguration<LiveOutboxRow>
{
    public void Configure(EntityTypeBuilder<LiveOutboxRow> row)
    {
        row.ToTable("live_outbox").HasKey(r => r.Position);
        row.Property(r => r.Position).ValueGeneratedOnAdd();
        row.Property(r => r.Noun).HasMaxLength(20);
        // Readers take ranges of finished transactions.
        row.HasIndex(r => r.TransactionId);
        row.HasIndex(r => r.At);
    }
}

/// <summary>Tables of this feature.</summary>
public static class LiveTables
{
    extension(ConsoleDbContext db)
    {
        public DbSet<LiveOutboxRow> LiveOutbox => db.Set<LiveOutboxRow>();
    }
}
