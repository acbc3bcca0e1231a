using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Deployments;
using AgentConsole.Core.Deployments.Rollouts;
using AgentConsole.Core.Keys;
using AgentConsole.Core.People;
using AgentConsole.Core.Rotations;
using AgentConsole.Core.Runs;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.Retirements;

/// <summary>Hands out what is kept of an agent as one file, and writes down that it was, with its SHA-256.</summary>
public sealed class RetirementExports(
    ConsoleStore store,
    AccessDirectory access,
    ActorSource actors,
    RunService runs,
    SnapshotLists snapshots,
    RetirementBodies bodies
)
{
    /// <summary>Grants the last step: needs the trail's right as well. The step is done when the last byte was sent.</summary>
    public async Task<Outcome<RetirementExport>> ExportAsync(Actor by, string agentIdOrSlug, CancellationToken cancellationToken)
    {
        foreach (var needed in (string[])[TokenScopes.DeploymentsRead, TokenScopes.RunsRead, TokenScopes.TrailRead])
        {
            if (by.MissingScope(needed) is { } scope)
                return scope;
        }
        await using var write = await RetirementService.BeginAsync(store, by, cancellationToken);
        if (await write.Db.Agents.VisibleTo(by).Named(agentIdOrSlug).FirstOrDefaultAsync(cancellationToken) is not { } agent)
            return AgentProblems.NotFound;
        foreach (var permission in (Permission[])[Permission.EditAgents, Permission.ReadTrail])
        {
            if (!by.May(permission, agent.TeamId))
                return Actor.MissingRole(permission, access.Current.Teams.GetValueOrDefault(agent.TeamId)?.Name);
        }
        if (await RetirementService.LatestAsync(write.Db, agent, cancellationToken) is not { } retirement)
            return RetirementProblems.NotFound;
        if (retirement.State != RetirementState.Open)
            return RetirementProblems.Closed;
        if (agent.Lifecycle == Lifecycle.Deleted)
            return AgentProblems.Deleted;
        var standings = await bodies.StandingsAsync(write.Db, by, agent, retirement, cancellationToken);
        if (standings.Find(s => s.Step < RetirementStep.Export && s.IsOpen) is { } first)
            return RetirementProblems.Order(first.Step, first.Left);
        var organization = by.OrganizationId;
        var last = await write
            .Db.TrailHeads.AsNoTracking()
            .Where(h => h.OrganizationId == organization)
            .Select(h => h.Seq)
            .SingleOrDefaultAsync(cancellationToken);
        write.Trail(by, "retirement.export-granted", RetirementService.Target(agent, retirement), after: new { up_to_seq = last });
        if (!await write.TryCommitAsync(cancellationToken))
            return Write.LostRace();
        return new RetirementExport(this, by, agent, retirement, last, write.Now);
    }

    internal async Task WriteAsync(RetirementExport export, Stream output, CancellationToken cancellationToken)
    {
        await using var file = new HashedLines(output);
        var (agent, id) = (export.Agent, IdText.Format(IdText.Agent, export.Agent.Id));
        var fleet = new ExportRight(actors, export.By, Permission.ReadFleet);
        await file.LineAsync(
            new
            {
                kind = "manifest",
                format = 1,
                retirement = IdText.Format(IdText.Retirement, export.Retirement.Id),
                reason = export.Retirement.Reason,
                made_at = export.At,
                made_by = export.By.Label,
                trail_up_to_seq = export.UpToSeq,
                agent = AgentBodies.Of(agent, access.Current),
            },
            cancellationToken
        );
        var deployed = await file.PagesAsync(
            "snapshot",
            page => snapshots.OfAgentAsync(fleet.Now(), id, SnapshotFilter.None, page, cancellationToken),
            cancellationToken
        );
        var ran = await file.PagesAsync(
            "run",
            page => runs.ListAsync(fleet.Now(), new RunFilter { Agent = id }, page, cancellationToken),
            cancellationToken
        );
        var recorded = await RecordsAsync(export, file, cancellationToken);
        await file.LineAsync(
            new
            {
                kind = "end",
                snapshots = deployed,
                runs = ran,
                trail = recorded,
            },
            cancellationToken
        );
        await file.FlushAsync(cancellationToken);
        var mark = new ExportMark(file.Sha256(), file.Bytes, deployed, ran, recorded);
        await NoteAsync(export, mark);
    }

    // What the agent did, and what was done to it, its keys, its rotations, its snapshots, its rollouts, its runs, and in this retirement; in the order of the chain.
    private async Task<long> RecordsAsync(RetirementExport export, HashedLines file, CancellationToken cancellationToken)
    {
        const int Piece = 500;
        var right = new ExportRight(actors, export.By, Permission.ReadTrail);
        var (organization, id, upTo) = (export.Agent.OrganizationId, export.Agent.Id, export.UpToSeq);
        var count = 0L;
        for (long after = 0; ; )
        {
            var by = right.Now();
            List<TrailRecord> rows;
            // Each piece is a query of its own: a slow reader holds no transaction open.
            await using (var db = await store.ReadAsync(cancellationToken))
            {
                var (keys, turns) = (db.AgentKeys, db.Rotations);
                var (deployed, rollouts, ran, retired) = (db.Snapshots, db.Rollouts, db.Runs, db.Retirements);
                rows = await new TrailFilter()
                    .Apply(db, by, access.Current)!
                    .Where(r => r.Seq > after && r.Seq <= upTo)
                    .Where(r =>
                        r.TargetId == id
                        || r.ActorId == id
                        || (
                            r.TargetKind == "key"
                            && keys.Any(k => k.OrganizationId == organization && k.Id == r.TargetId && k.AgentId == id)
                        )
                        || (
                            r.TargetKind == "rotation"
                            && turns.Any(t => t.OrganizationId == organization && t.Id == r.TargetId && t.AgentId == id)
                        )
                        || (
                            r.TargetKind == "snapshot"
                            && deployed.Any(s => s.OrganizationId == organization && s.Id == r.TargetId && s.AgentId == id)
                        )
                        || (
                            r.TargetKind == "rollout"
                            && rollouts.Any(x => x.OrganizationId == organization && x.Id == r.TargetId && x.AgentId == id)
                        )
                        || (
                            r.TargetKind == "run" && ran.Any(x => x.OrganizationId == organization && x.Id == r.TargetId && x.AgentId == id)
                        )
                        || (
                            r.TargetKind == "retirement"
                            && retired.Any(x => x.OrganizationId == organization && x.Id == r.TargetId && x.AgentId == id)
                        )
                    )
                    .OrderBy(r => r.Seq)
                    .Take(Piece)
                    .ToListAsync(cancellationToken);
            }
            foreach (var record in rows)
                await file.LineAsync(new { kind = "trail", data = TrailBodies.Of(record, access.Current) }, cancellationToken);
            await file.FlushAsync(cancellationToken);
            count += rows.Count;
            if (rows.Count < Piece)
                return count;
            after = rows[^1].Seq;
        }
    }

    // What was sent is sent: that it is written down does not end with the caller's patience.
    private async Task NoteAsync(RetirementExport export, ExportMark mark)
    {
        await using var write = await RetirementService.BeginAsync(store, export.By, CancellationToken.None);
        var (organization, id) = (export.Retirement.OrganizationId, export.Retirement.Id);
        var retirement = await write.Db.Retirements.SingleAsync(r => r.OrganizationId == organization && r.Id == id);
        if (retirement.State != RetirementState.Open)
            return;
        retirement.Mark(
            new StepMark(KebabCase.Of(RetirementStep.Export), false, write.Now, Texts.Clip(export.By.Label, 256)!, Export: mark)
        );
        write.Trail(
            export.By,
            "retirement.step-done",
            RetirementService.Target(export.Agent, retirement),
            after: new
            {
                step = KebabCase.Of(RetirementStep.Export),
                sha256 = mark.Sha256,
                bytes = mark.Bytes,
                snapshots = mark.Snapshots,
                runs = mark.Runs,
                records = mark.Records,
            }
        );
        RetirementService.Tell(write, export.Agent);
        if (!await write.TryCommitAsync(CancellationToken.None))
            throw new InvalidOperationException("That the export was made could not be written.");
    }

    /// <summary>Lines of JSON on their way out, counted and hashed.</summary>
    private sealed class HashedLines(Stream output) : IAsyncDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly MemoryStream _waiting = new();

        public long Bytes { get; private set; }

        public async Task LineAsync(object line, CancellationToken cancellationToken)
        {
            _waiting.Write(JsonSerializer.SerializeToUtf8Bytes(line, ConsoleJson.Options));
            _waiting.WriteByte((byte)'\n');
            if (_waiting.Length > 64 * 1024)
                await FlushAsync(cancellationToken);
        }

        public async Task<long> PagesAsync<T>(
            string kind,
            Func<PageRequest, Task<Outcome<Paged<T>>>> read,
            CancellationToken cancellationToken
        )
        {
            var (count, cursor) = (0L, (string?)null);
            do
            {
                var page = (await read(new PageRequest(PageRequest.MaxLimit, cursor))).Value;
                foreach (var item in page.Items)
                    await LineAsync(new { kind, data = item }, cancellationToken);
                count += page.Items.Count;
                cursor = page.NextCursor;
            } while (cursor is not null);
            return count;
        }

        public async Task FlushAsync(CancellationToken cancellationToken)
        {
            var bytes = _waiting.GetBuffer().AsMemory(0, (int)_waiting.Length);
            _hash.AppendData(bytes.Span);
            Bytes += bytes.Length;
            await output.WriteAsync(bytes, cancellationToken);
            await output.FlushAsync(cancellationToken);
            _waiting.SetLength(0);
        }

        public string Sha256() => Convert.ToHexStringLower(_hash.GetHashAndReset());

        public ValueTask DisposeAsync()
        {
            _hash.Dispose();
            return _waiting.DisposeAsync();
        }
    }
}

/// <summary>
/// An export that was granted: lines of JSON, written piece by piece and never whole in memory. First a manifest with the agent, then its snapshots, its
/// runs, the trail's records that concern it up to the grant, and last the counts, so that a file that was cut off shows it.
/// </summary>
public sealed class RetirementExport
{
    private readonly RetirementExports _exports;

    internal RetirementExport(RetirementExports exports, Actor by, Agent agent, Retirement retirement, long upToSeq, DateTimeOffset at) =>
        (_exports, By, Agent, Retirement, UpToSeq, At) = (exports, by, agent, retirement, upToSeq, at);

    internal Actor By { get; }
    internal Agent Agent { get; }
    internal Retirement Retirement { get; }
    internal long UpToSeq { get; }
    internal DateTimeOffset At { get; }

    public string ContentType => "application/x-ndjson";

    public string FileName => string.Create(CultureInfo.InvariantCulture, $"{Agent.Slug}-retirement-{At:yyyyMMdd-HHmmss}Z.ndjson");

    /// <summary>Writes everything, leaves the stream open, and writes down that it was done; throws <see cref="ExportEndedException"/> when the right to it ends on the way.</summary>
    public Task WriteToAsync(Stream output, CancellationToken cancellationToken) => _exports.WriteAsync(this, output, cancellationToken);
}
