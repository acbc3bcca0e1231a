using System.Text.Json;
using AgentConsole.SampleFleet.Client;

namespace AgentConsole.SampleFleet.Running;

/// <summary>What one agent needs to come back as itself.</summary>
/// <param name="Attempt">Idempotency-Key of the registration; written down before the call, so that a lost answer is asked for again.</param>
public sealed record AgentPapers(string Attempt, string? Key = null)
{
    /// <summary>The rotation of its own key that it has begun and not ended.</summary>
    public KeyTurn? Turn { get; init; }
    public DateTimeOffset? RotatedAt { get; init; }

    /// <summary>Id of the key that was given leave to rotate itself. It is given once: a leak takes it back, and that is a person's to undo.</summary>
    public string? MayRotate { get; init; }
}

/// <param name="Attempt">Idempotency-Key of the call.</param>
/// <param name="Rotation">Its id, once the secret is written down.</param>
public sealed record KeyTurn(string Attempt, string? Rotation = null);

/// <summary>
/// The fleet's memory between two starts: its keys, in a file that only its owner may read. Replaced as a whole, so that a crash leaves the old one or the
/// new one.
/// </summary>
public sealed class FleetState
{
    public const string FileName = "fleet.json";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly string _path;
    private readonly Contents _contents;
    private readonly Lock _lock = new();

    private FleetState(string path, Contents contents) => (_path, _contents) = (path, contents);

    /// <summary>Token of the auditor's service account; null until the scene has made it.</summary>
    public string? AuditorToken
    {
        get => _contents.AuditorToken;
        set
        {
            lock (_lock)
            {
                _contents.AuditorToken = value;
                Save();
            }
        }
    }

    /// <exception cref="InvalidDataException">The file is there and is not one of ours; it is not overwritten.</exception>
    public static FleetState Open(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
            return new FleetState(path, new Contents());
        try
        {
            return new FleetState(path, JsonSerializer.Deserialize<Contents>(File.ReadAllBytes(path), FleetClient.Json) ?? new Contents());
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is damaged ({e.Message}). Move it away; the agents will take new keys.", e);
        }
    }

    public AgentPapers? Of(string slug)
    {
        lock (_lock)
            return _contents.Agents.GetValueOrDefault(slug);
    }

    /// <summary>On disk when this returns.</summary>
    public void Keep(string slug, AgentPapers papers)
    {
        lock (_lock)
        {
            _contents.Agents[slug] = papers;
            Save();
        }
    }

    public void Forget(string slug)
    {
        lock (_lock)
        {
            if (_contents.Agents.Remove(slug))
                Save();
        }
    }

    private void Save()
    {
        var next = _path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        using (var file = new FileStream(next, options))
        {
            JsonSerializer.Serialize(file, _contents, FleetClient.Json);
            file.Flush(flushToDisk: true);
        }
        File.Move(next, _path, overwrite: true);
    }

    private sealed class Contents
    {
        public SortedDictionary<string, AgentPapers> Agents { get; init; } = [];
        public string? AuditorToken { get; set; }
    }
}
