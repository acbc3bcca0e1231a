using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentConsole.Contracts;

namespace AgentConsole.Core.Common;

/// <summary>The digest of a plan over many things: what is to be done, and then row by row to what.</summary>
internal sealed class RowsDigest : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <param name="head">What holds for all rows; its members are hashed as JSON, in their order.</param>
    public RowsDigest(object head) => _hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(head, ConsoleJson.Options));

    public void Add(string row)
    {
        _hash.AppendData("\n"u8);
        _hash.AppendData(Encoding.UTF8.GetBytes(row));
    }

    /// <summary>SHA-256 as lowercase hexadecimal digits.</summary>
    public string End() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();
}

/// <summary>What a plan said of each of its things, against what it would say now.</summary>
internal sealed class RowsDifference
{
    private const int MostNamed = 50;
    private readonly Dictionary<string, (string Name, string Sign)> _planned;
    private readonly List<string> _changed = [];
    private readonly List<string> _came = [];

    /// <param name="planned">Each with a key of its own, its name for people, and all that must still be so.</param>
    public RowsDifference(IEnumerable<(string Key, string Name, string Sign)> planned) =>
        _planned = planned.ToDictionary(r => r.Key, r => (r.Name, r.Sign), StringComparer.Ordinal);

    public void Add(string key, string name, string sign)
    {
        if (!_planned.Remove(key, out var was))
            _came.Add(name);
        else if (was.Sign != sign)
            _changed.Add(name);
    }

    public bool IsNone => _changed.Count == 0 && _came.Count == 0 && _planned.Count == 0;

    /// <summary>409 <c>plan_changed</c>, whose members name what changed, came and went.</summary>
    /// <param name="noun">What the plan is about, in the plural.</param>
    /// <param name="cut">A sentence in place of the counts, where the rest was not looked at.</param>
    public Problem ToProblem(string noun, string? cut = null)
    {
        var went = cut is null ? _planned.Values.Select(r => r.Name).ToList() : [];
        var members = new Dictionary<string, string[]>(StringComparer.Ordinal);
        void Name(string member, List<string> names)
        {
            if (names.Count > 0)
                members[member] =
                [
                    .. names.Take(MostNamed),
                    .. names.Count > MostNamed ? [$"and {names.Count - MostNamed} more"] : Array.Empty<string>(),
                ];
        }
        Name("changed", _changed);
        Name("came", _came);
        Name("went", went);
        return new Problem(
            ProblemKind.Conflict,
            "plan_changed",
            cut
                ?? $"Since the plan was made {_changed.Count} of its {noun} changed, {_came.Count} came and {went.Count} went. Nothing was done. Make the plan anew.",
            members
        );
    }
}
