using System.Data.Common;
using System.Globalization;
using AgentConsole.Core.Common;
using AgentConsole.Core.Live;
using Npgsql;
using NpgsqlTypes;

namespace AgentConsole.Data.PostgreSql;

/// <summary>The table <c>live_outbox</c> between the nodes, and <c>LISTEN</c>/<c>NOTIFY</c> to be quick.</summary>
internal sealed class PostgreSqlNodes(NpgsqlDataSource source, string connectionString) : INodeChannel
{
    private const string Topic = "agentconsole_live";

    public async Task<long> WriteAsync(
        DbConnection connection,
        DbTransaction transaction,
        IReadOnlyCollection<LiveOutboxRow> rows,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(
            """
            WITH told AS (
                INSERT INTO live_outbox (transaction_id, node, noun, organization_id, team_id, agent_id, subject_id, at, others)
                SELECT pg_current_xact_id()::text::bigint, n.node, n.noun, n.organization_id, n.team_id, n.agent_id, n.subject_id, n.at, n.others
                FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], $8::bytea[])
                    AS n (node, noun, organization_id, team_id, agent_id, subject_id, at, others)
                RETURNING position)
            SELECT max(position) FROM told
            """,
            (NpgsqlConnection)connection,
            (NpgsqlTransaction)transaction
        );
        void Add<T>(Func<LiveOutboxRow, T> value, NpgsqlDbType type) =>
            command.Parameters.Add(
                new NpgsqlParameter<T[]> { TypedValue = [.. rows.Select(value)], NpgsqlDbType = NpgsqlDbType.Array | type }
            );
        Add(r => r.Node, NpgsqlDbType.Uuid);
        Add(r => r.Noun, NpgsqlDbType.Text);
        Add(r => r.OrganizationId, NpgsqlDbType.Uuid);
        Add(r => r.TeamId, NpgsqlDbType.Uuid);
        Add(r => r.AgentId, NpgsqlDbType.Uuid);
        Add(r => r.SubjectId, NpgsqlDbType.Uuid);
        Add(r => Utc.ToMicros(r.At), NpgsqlDbType.Bigint);
        Add(r => r.Others, NpgsqlDbType.Bytea);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task NotifyAsync(long position, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("SELECT pg_notify($1, $2)");
        command.Parameters.AddWithValue(Topic);
        command.Parameters.AddWithValue("live:" + position.ToString(CultureInfo.InvariantCulture));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<INodeEar> ListenAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var seconds = (int)Math.Ceiling(patience.TotalSeconds);
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Pooling = false,
            ApplicationName = PostgreSqlEngine.Name + " listen",
            Timeout = seconds,
            CommandTimeout = seconds,
            CancellationTimeout = 500,
        };
        var connection = new NpgsqlConnection(settings.ToString());
        try
        {
            await connection.OpenAsync(cancellationToken);
            await using var command = new NpgsqlCommand($"LISTEN {Topic}", connection);
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new Ear(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async Task PurgeAsync(DateTimeOffset before, IReadOnlyCollection<string> exceptNouns, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("DELETE FROM live_outbox WHERE at < $1 AND noun <> ALL($2)");
        command.Parameters.AddWithValue(Utc.ToMicros(before));
        command.Parameters.AddWithValue(exceptNouns.ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private sealed class Ear(NpgsqlConnection connection) : INodeEar
    {
        public async Task<NodeNews> ReadAsync(long fromTransaction, Guid thisNode, CancellationToken cancellationToken)
        {
            // One statement is one snapshot: horizon and rows belong together.
            await using var command = new NpgsqlCommand(
                """
                SELECT h.horizon, o.position, o.transaction_id, o.node, o.noun, o.organization_id, o.team_id, o.agent_id, o.subject_id, o.at, o.others
                FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon) h
                LEFT JOIN live_outbox o ON o.transaction_id >= $1 AND (o.node <> $2 OR o.noun = ANY($3))
                ORDER BY o.transaction_id, o.position
                """,
                connection
            );
            command.Parameters.AddWithValue(fromTransaction);
            command.Parameters.AddWithValue(thisNode);
            command.Parameters.AddWithValue(HeldNouns.All.ToArray());
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            var rows = new List<LiveOutboxRow>();
            long horizon = 0;
            Guid? Id(int column) => row.IsDBNull(column) ? null : row.GetGuid(column);
            while (await row.ReadAsync(cancellationToken))
            {
                horizon = row.GetInt64(0);
                if (row.IsDBNull(1))
                    continue;
                rows.Add(
                    new LiveOutboxRow
                    {
                        Position = row.GetInt64(1),
                        TransactionId = row.GetInt64(2),
                        Node = row.GetGuid(3),
                        Noun = row.GetString(4),
                        OrganizationId = row.GetGuid(5),
                        TeamId = Id(6),
                        AgentId = Id(7),
                        SubjectId = row.GetGuid(8),
                        At = Utc.FromMicros(row.GetInt64(9)),
                        Others = row.IsDBNull(10) ? null : row.GetFieldValue<byte[]>(10),
                    }
                );
            }
            return new NodeNews(horizon, rows);
        }

        public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => connection.WaitAsync(atMost, cancellationToken);

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
