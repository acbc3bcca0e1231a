using System.Globalization;
using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Trail;

public enum TrailFormat
{
    /// <summary>One record per line, as the API shows it.</summary>
    Ndjson,

    /// <summary>RFC 4180; a cell that a spreadsheet would run as a formula begins with an apostrophe.</summary>
    Csv,
}

/// <summary>An export that was granted: written piece by piece, never whole in memory, up to the record before its own.</summary>
public sealed class TrailExport
{
    private const int Piece = 500;

    private static readonly string[] Columns =
    [
        "seq",
        "id",
        "at",
        "actor_kind",
        "actor_id",
        "actor_label",
        "auth_method",
        "address",
        "action",
        "target_kind",
        "target_id",
        "target_label",
        "team",
        "before",
        "after",
        "reason",
        "correlation_id",
        "outcome",
        "erased",
        "prev_hash",
        "hash",
    ];

    private readonly ConsoleStore _store;
    private readonly AccessDirectory _access;
    private readonly ExportRight _right;
    private readonly TrailFilter _filter;
    private readonly TrailFormat _format;
    private readonly long _upTo;
    private readonly DateTimeOffset _at;

    internal TrailExport(
        ConsoleStore store,
        AccessDirectory access,
        ExportRight right,
        TrailFilter filter,
        TrailFormat format,
        long upTo,
        DateTimeOffset at
    ) => (_store, _access, _right, _filter, _format, _upTo, _at) = (store, access, right, filter, format, upTo, at);

    public string ContentType => _format == TrailFormat.Csv ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson";

    public string FileName =>
        string.Create(CultureInfo.InvariantCulture, $"trail-{_at:yyyyMMdd-HHmmss}.{(_format == TrailFormat.Csv ? "csv" : "ndjson")}");

    /// <summary>Writes everything and leaves the stream open; throws <see cref="ExportEndedException"/> when the right to it ends on the way.</summary>
    public async Task WriteToAsync(Stream output, CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        if (_format == TrailFormat.Ndjson)
        {
            await foreach (var record in RecordsAsync(cancellationToken))
                await text.WriteLineAsync(JsonSerializer.Serialize(record, ConsoleJson.Options).AsMemory(), cancellationToken);
            return;
        }
        await text.WriteAsync(CsvText.Line(Columns).AsMemory(), cancellationToken);
        await foreach (var record in RecordsAsync(cancellationToken))
            await text.WriteAsync(CsvText.Line(Cells(record)).AsMemory(), cancellationToken);
    }

    private async IAsyncEnumerable<TrailBody> RecordsAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // Each piece is a query of its own: a slow reader holds no transaction open.
        for (long after = 0; ; )
        {
            var by = _right.Now();
            var now = _access.Current;
            List<TrailRecord> rows;
            await using (var db = await _store.ReadAsync(cancellationToken))
            {
                if (_filter.Apply(db, by, now) is not { } matching)
                    yield break;
                rows = await matching
                    .Where(r => r.Seq > after && r.Seq <= _upTo)
                    .OrderBy(r => r.Seq)
                    .Take(Piece)
                    .ToListAsync(cancellationToken);
            }
            foreach (var record in rows)
                yield return TrailBodies.Of(record, now);
            if (rows.Count < Piece)
                yield break;
            after = rows[^1].Seq;
        }
    }

    private static string?[] Cells(TrailBody record) =>
        [
            record.Seq.ToString(CultureInfo.InvariantCulture),
            record.Id,
            record.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            record.ActorKind,
            record.ActorId,
            record.ActorLabel,
            record.AuthMethod,
            record.Address,
            record.Action,
            record.TargetKind,
            record.TargetId,
            record.TargetLabel,
            record.Team,
            record.Before?.GetRawText(),
            record.After?.GetRawText(),
            record.Reason,
            record.CorrelationId,
            record.Outcome,
            string.Join(' ', record.Erased),
            record.PrevHash,
            record.Hash,
        ];
}
