using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;

namespace AgentConsole.Core.Trail;

public enum TrailOutcome
{
    Done,
    Refused,
}

/// <summary>What a record is about.</summary>
/// <param name="Kind">Noun of the vocabulary: <c>agent</c>, <c>key</c>, <c>user</c>, …</param>
/// <param name="Label">Its name at that moment.</param>
public sealed record TrailTarget(string Kind, Guid? Id, string? Label, Guid? TeamId = null);

/// <summary>
/// One link of an organization's chain. <see cref="Seq"/>, <see cref="PrevHash"/> and <see cref="Hash"/> are filled by the context's save.
/// Format 1: the hash is SHA-256 over <c>prev_hash ‖ JCS(record)</c>, where each erasable member stands as
/// <c>SHA-256(its salt ‖ name ‖ presence byte ‖ value)</c>. Erasing takes value and salt away and keeps the commitment: the chain stays valid, and
/// the value cannot be guessed from what is left.
/// </summary>
public sealed class TrailRecord
{
    public const int CurrentFormat = 1;
    public const int SaltSize = 16;
    public const int HashSize = 32;

    public Guid Id { get; init; }
    public Guid OrganizationId { get; init; }
    public long Seq { get; set; }
    public int Format { get; init; } = CurrentFormat;
    public DateTimeOffset At { get; init; }
    public ActorKind ActorKind { get; init; }
    public Guid? ActorId { get; init; }
    public string? ActorLabel { get; set; }
    public AuthMethod AuthMethod { get; init; }
    public Guid? CredentialId { get; init; }
    public string? Address { get; set; }
    public required string Action { get; init; }
    public string? TargetKind { get; init; }
    public Guid? TargetId { get; init; }
    public string? TargetLabel { get; set; }
    public Guid? TeamId { get; init; }

    /// <summary>JSON of the members that changed, secrets masked; null when there is no before.</summary>
    public string? Before { get; set; }
    public string? After { get; set; }
    public string? Reason { get; set; }
    public required string CorrelationId { get; init; }
    public TrailOutcome Outcome { get; init; }

    /// <summary>Salts of the erasable members, in the order of <see cref="ErasableNames"/>, 16 bytes each; zeros where the member was erased.</summary>
    public required byte[] Salt { get; set; }

    /// <summary>Bit <c>i</c> is set when member <c>i</c> of <see cref="ErasableNames"/> was erased; a later <c>trail.erased</c> record says by whom.</summary>
    public int Erased { get; set; }

    /// <summary>Commitments of the erasable members, in the order of <see cref="ErasableNames"/>, 32 bytes each.</summary>
    public byte[] Commitments { get; set; } = [];
    public byte[] PrevHash { get; set; } = [];
    public byte[] Hash { get; set; } = [];

    /// <summary>Members whose value may be erased later without breaking the chain.</summary>
    public static readonly IReadOnlyList<string> ErasableNames = ["actor_label", "address", "target_label", "before", "after", "reason"];

    /// <param name="before">Members before the change; anonymous objects are written in snake_case. Never a secret.</param>
    public static TrailRecord Of(
        Actor by,
        string action,
        TrailTarget? target,
        Guid id,
        DateTimeOffset at,
        object? before = null,
        object? after = null,
        string? reason = null,
        TrailOutcome outcome = TrailOutcome.Done
    ) =>
        new()
        {
            Id = id,
            OrganizationId = by.OrganizationId,
            At = at,
            ActorKind = by.Kind,
            ActorId = by.Id,
            ActorLabel = by.Label,
            AuthMethod = by.Method,
            CredentialId = by.CredentialId,
            Address = by.Address,
            Action = action,
            TargetKind = target?.Kind,
            TargetId = target?.Id,
            TargetLabel = target?.Label,
            TeamId = target?.TeamId,
            Before = Json(before),
            After = Json(after),
            Reason = reason,
            CorrelationId = by.CorrelationId,
            Outcome = outcome,
            Salt = RandomNumberGenerator.GetBytes(ErasableNames.Count * SaltSize),
        };

    /// <summary>What followed from what another record tells, in the same transaction and by the same hand.</summary>
    internal static TrailRecord Following(
        TrailRecord cause,
        string action,
        TrailTarget target,
        Guid id,
        object? before = null,
        string? reason = null
    ) =>
        new()
        {
            Id = id,
            OrganizationId = cause.OrganizationId,
            At = cause.At,
            ActorKind = cause.ActorKind,
            ActorId = cause.ActorId,
            ActorLabel = cause.ActorLabel,
            AuthMethod = cause.AuthMethod,
            CredentialId = cause.CredentialId,
            Address = cause.Address,
            Action = action,
            TargetKind = target.Kind,
            TargetId = target.Id,
            TargetLabel = target.Label,
            TeamId = target.TeamId,
            Before = Json(before),
            Reason = reason,
            CorrelationId = cause.CorrelationId,
            Outcome = TrailOutcome.Done,
            Salt = RandomNumberGenerator.GetBytes(ErasableNames.Count * SaltSize),
        };

    /// <summary>Fills the chain members; called once, under the organization's head.</summary>
    public void Link(long seq, byte[] prevHash)
    {
        Seq = seq;
        PrevHash = prevHash;
        Commitments = ComputeCommitments();
        Hash = ComputeHash();
    }

    /// <summary>Commitments of the values as they stand now; an erased value is compared by <see cref="Commitments"/> alone.</summary>
    public byte[] ComputeCommitments()
    {
        var all = new byte[ErasableNames.Count * HashSize];
        for (var i = 0; i < ErasableNames.Count; i++)
            Commit(i).CopyTo(all, i * HashSize);
        return all;
    }

    public bool IsErased(int index) => (Erased & (1 << index)) != 0;

    /// <summary>Takes the value away for good and keeps its commitment.</summary>
    public void Erase(int index)
    {
        Erased |= 1 << index;
        Salt = [.. Salt];
        Salt.AsSpan(index * SaltSize, SaltSize).Clear();
        switch (index)
        {
            case 0:
                ActorLabel = null;
                break;
            case 1:
                Address = null;
                break;
            case 2:
                TargetLabel = null;
                break;
            case 3:
                Before = null;
                break;
            case 4:
                After = null;
                break;
            case 5:
                Reason = null;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(index));
        }
    }

    /// <summary>The value of the erasable member at this position of <see cref="ErasableNames"/>.</summary>
    public string? Erasable(int index) =>
        index switch
        {
            0 => ActorLabel,
            1 => Address,
            2 => TargetLabel,
            3 => Before,
            4 => After,
            5 => Reason,
            _ => throw new ArgumentOutOfRangeException(nameof(index)),
        };

    public byte[] ComputeHash()
    {
        var commitments = new JsonObject();
        for (var i = 0; i < ErasableNames.Count; i++)
            commitments[ErasableNames[i]] = Convert.ToHexStringLower(Commitments.AsSpan(i * HashSize, HashSize));
        var body = new JsonObject
        {
            ["action"] = Action,
            ["actor_id"] = ActorId?.ToString(),
            ["actor_kind"] = KebabCase.Of(ActorKind),
            ["at"] = Utc.ToMicros(At),
            ["auth_method"] = KebabCase.Of(AuthMethod),
            ["commitments"] = commitments,
            ["correlation_id"] = CorrelationId,
            ["credential_id"] = CredentialId?.ToString(),
            ["format"] = Format,
            ["id"] = Id.ToString(),
            ["organization_id"] = OrganizationId.ToString(),
            ["outcome"] = KebabCase.Of(Outcome),
            ["seq"] = Seq,
            ["target_id"] = TargetId?.ToString(),
            ["target_kind"] = TargetKind,
            ["team_id"] = TeamId?.ToString(),
        };
        var canonical = CanonicalJson.Write(body);
        var input = new byte[PrevHash.Length + canonical.Length];
        PrevHash.CopyTo(input, 0);
        canonical.CopyTo(input, PrevHash.Length);
        return SHA256.HashData(input);
    }

    /// <summary>The commitment of one member as its value stands now.</summary>
    public byte[] Commit(int index)
    {
        var value = Erasable(index);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Salt.AsSpan(index * SaltSize, SaltSize));
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(ErasableNames[index]));
        hash.AppendData([value is null ? (byte)0 : (byte)1]);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(value ?? ""));
        return hash.GetHashAndReset();
    }

    private static string? Json(object? members) =>
        members is null ? null : JsonSerializer.Serialize(members, Contracts.ConsoleJson.Options);
}

/// <summary>The end of an organization's chain; the row that serialises its writers.</summary>
public sealed class TrailHead
{
    public Guid OrganizationId { get; init; }
    public long Seq { get; set; }
    public byte[] Hash { get; set; } = new byte[32];
}
