using System.Globalization;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AgentConsole.Core.Trail;

/// <summary>The first record of a chain that is not as it was written.</summary>
/// <param name="Seq">Its place in the chain; also of one that is missing.</param>
/// <param name="RecordId">Null where the record is missing or cannot be read.</param>
public sealed record TrailFault(long Seq, Guid? RecordId, string What);

/// <summary>What was found of one organization's chain.</summary>
/// <param name="Organization">Its slug, or its id where it has no row any more.</param>
/// <param name="Records">Records that were found good before the first bad one.</param>
/// <param name="WitnessedUpTo">The last end that the witness saw; a truncation before it would have been noticed.</param>
/// <param name="Erased">Good records with erased values.</param>
public sealed record TrailVerdict(
    Guid OrganizationId,
    string Organization,
    long Records,
    string Head,
    long WitnessedUpTo,
    int Erased,
    TrailFault? Fault
);

/// <param name="Faults">What is wrong with the witness itself.</param>
public sealed record TrailReport(IReadOnlyList<TrailVerdict> Chains, IReadOnlyList<string> Faults)
{
    public bool IsGood => Faults.Count == 0 && Chains.All(c => c.Fault is null);
}

/// <summary>Recomputes every chain from its records, against its head row and the witness, and names the first bad record.</summary>
public sealed class TrailVerifier(IDbContextFactory<ConsoleDbContext> contexts, IOptions<ConsoleOptions> options)
{
    /// <param name="organizationId">One chain only; all when null.</param>
    public async Task<TrailReport> VerifyAsync(Guid? organizationId, CancellationToken cancellationToken)
    {
        // Read before the database: the witness never leads it, so whatever is witnessed now must be in the picture taken next.
        var witness = WitnessFile.Read(WitnessFile.FolderOf(options.Value.DataDirectory));
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        db.ChangeTracker.QueryTrackingBehavior = QueryTrackingBehavior.NoTracking;
        await using var picture = await db.Engine.BeginPictureAsync(db, cancellationToken);
        var heads = (await db.TrailHeads.ToListAsync(cancellationToken)).ToDictionary(h => h.OrganizationId);
        var known = await db.Organizations.ToDictionaryAsync(o => o.Id, o => o.Slug, cancellationToken);
        var chains = (await db.TrailRecords.Select(r => r.OrganizationId).Distinct().ToListAsync(cancellationToken))
            .Union(heads.Keys)
            .Union(witness.Lines.Select(l => l.OrganizationId))
            .Union(organizationId is { } asked ? [asked] : [])
            .Where(id => organizationId is null || id == organizationId)
            .OrderBy(id => known.GetValueOrDefault(id, "~"), StringComparer.Ordinal);
        var verdicts = new List<TrailVerdict>();
        foreach (var id in chains)
        {
            var name = known.GetValueOrDefault(id) ?? IdText.Format(IdText.Organization, id);
            var chain = new Chain(db, id, heads.GetValueOrDefault(id), [.. witness.Lines.Where(l => l.OrganizationId == id)]);
            verdicts.Add(await chain.VerifyAsync(name, cancellationToken));
        }
        return new TrailReport(verdicts, witness.Faults);
    }

    private sealed class Chain(ConsoleDbContext db, Guid organizationId, TrailHead? head, IReadOnlyList<WitnessLine> witness)
    {
        private readonly Dictionary<long, WitnessLine> _witnessed = witness.GroupBy(l => l.Seq).ToDictionary(g => g.Key, g => g.First());
        private const int Piece = 500;

        private Dictionary<Guid, int>? _told;
        private byte[] _hash = new byte[TrailRecord.HashSize];
        private long _seq;
        private int _erased;

        public async Task<TrailVerdict> VerifyAsync(string name, CancellationToken cancellationToken)
        {
            var fault = TwoWitnesses() ?? await WalkAsync(cancellationToken) ?? End();
            return new TrailVerdict(
                organizationId,
                name,
                _seq,
                Convert.ToHexStringLower(_hash),
                witness.Count == 0 ? 0 : witness.Max(l => l.Seq),
                _erased,
                fault
            );
        }

        // Two witnesses that saw different records at one place: the chain was forked between nodes, or a file was tampered with.
        private TrailFault? TwoWitnesses() =>
            witness
                .GroupBy(l => l.Seq)
                .Where(g => g.Any(l => !l.Hash.AsSpan().SequenceEqual(g.First().Hash)))
                .OrderBy(g => g.Key)
                .Select(g => new TrailFault(g.Key, null, "the witness saw two different records here"))
                .FirstOrDefault();

        private async Task<TrailFault?> WalkAsync(CancellationToken cancellationToken)
        {
            var after = long.MinValue;
            for (var piece = Piece; ; )
            {
                List<TrailRecord> records;
                try
                {
                    records = await db
                        .TrailRecords.Where(r => r.OrganizationId == organizationId && r.Seq > after)
                        .OrderBy(r => r.Seq)
                        .Take(piece)
                        .ToListAsync(cancellationToken);
                }
                catch (Exception e) when (e is not (OperationCanceledException or System.Data.Common.DbException))
                {
                    // A value that is none of its type. Which record has it is found by reading them one by one.
                    if (piece == 1)
                        return new TrailFault(_seq + 1, null, $"the record cannot be read: {e.Message}");
                    piece = 1;
                    continue;
                }
                foreach (var record in records)
                {
                    if (await JudgeAsync(record, cancellationToken) is { } fault)
                        return fault;
                    (_seq, _hash) = (record.Seq, record.Hash);
                }
                if (records.Count < piece)
                    return null;
                after = _seq;
            }
        }

        private async Task<TrailFault?> JudgeAsync(TrailRecord record, CancellationToken cancellationToken)
        {
            if (record.Seq < _seq + 1)
                return Bad(record, "its place in the chain is not a place");
            if (record.Seq > _seq + 1)
                return new TrailFault(_seq + 1, null, $"the record is missing; the next one is {record.Seq}");
            if (record.Format != TrailRecord.CurrentFormat)
                return Bad(record, $"its format {record.Format} is not known");
            if (
                record.Hash.Length != TrailRecord.HashSize
                || record.PrevHash.Length != TrailRecord.HashSize
                || record.Commitments.Length != TrailRecord.ErasableNames.Count * TrailRecord.HashSize
                || record.Salt.Length != TrailRecord.ErasableNames.Count * TrailRecord.SaltSize
            )
                return Bad(record, "a hash, commitment or salt has not its length");
            if (!record.PrevHash.AsSpan().SequenceEqual(_hash))
                return Bad(record, _seq == 0 ? "it is not the beginning of a chain" : $"it does not follow record {_seq}");
            if (await MembersAsync(record, cancellationToken) is { } member)
                return Bad(record, member);
            if (!record.ComputeHash().AsSpan().SequenceEqual(record.Hash))
                return Bad(record, "its hash is not that of its members");
            return _witnessed.TryGetValue(record.Seq, out var line) && !line.Hash.AsSpan().SequenceEqual(record.Hash)
                ? Bad(
                    record,
                    string.Create(CultureInfo.InvariantCulture, $"it is another one than the witness saw at {line.At:O}{Since(record.Seq)}")
                )
                : null;
        }

        private async Task<string?> MembersAsync(TrailRecord record, CancellationToken cancellationToken)
        {
            if (record.Erased >> TrailRecord.ErasableNames.Count != 0)
                return "its mark of erased members is not one";
            for (var i = 0; i < TrailRecord.ErasableNames.Count; i++)
            {
                var name = TrailRecord.ErasableNames[i];
                if (!record.IsErased(i))
                {
                    var kept = record.Commitments.AsSpan(i * TrailRecord.HashSize, TrailRecord.HashSize);
                    if (!record.Commit(i).AsSpan().SequenceEqual(kept))
                        return $"its {name} is not what was committed to";
                    continue;
                }
                var salt = record.Salt.AsSpan(i * TrailRecord.SaltSize, TrailRecord.SaltSize);
                if (record.Erasable(i) is not null || salt.ContainsAnyExcept((byte)0))
                    return $"its {name} is marked as erased and is still there";
                _told ??= await TrailErasure.ReadAsync(db, organizationId, cancellationToken);
                if (record.Action == TrailErasure.Action || (_told.GetValueOrDefault(record.Id) & (1 << i)) == 0)
                    return $"its {name} was taken away, and no record says that it was erased";
            }
            if (record.Erased != 0)
                _erased++;
            return null;
        }

        private TrailFault? End()
        {
            if (head is null)
                return _seq == 0 && witness.Count == 0
                    ? null
                    : new TrailFault(_seq + 1, null, "the row that holds the end of the chain is missing");
            if (head.Seq > _seq)
                return new TrailFault(_seq + 1, null, $"the record is missing; the chain ended at {head.Seq}");
            if (head.Seq < _seq || !head.Hash.AsSpan().SequenceEqual(_hash))
                return new TrailFault(_seq, null, "it is not the end that the head row holds");
            return witness.MaxBy(l => l.Seq) is { } last && last.Seq > _seq
                ? new TrailFault(
                    _seq + 1,
                    null,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the record is missing; the witness saw the chain up to {last.Seq} at {last.At:O}"
                    )
                )
                : null;
        }

        private string Since(long seq)
        {
            var good = _witnessed.Keys.Where(s => s < seq).DefaultIfEmpty(0).Max();
            return good == seq - 1 ? "" : $"; it and what stands before it since record {good + 1} may have been written anew";
        }

        private static TrailFault Bad(TrailRecord record, string what) => new(record.Seq, record.Id, what);
    }
}
