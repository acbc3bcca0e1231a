using AgentConsole.Core.Common;

namespace AgentConsole.Core.Rotations.Bulk;

/// <summary>Which rows of a bulk act: the address of its page and the query of its list.</summary>
public sealed record KeyBulkFilter
{
    public KeyBulkEffect? Effect { get; init; }
    public KeyBulkOutcome? Outcome { get; init; }

    /// <summary>Rows whose rotation has this state by now.</summary>
    public RotationState? Rotation { get; init; }

    /// <summary>Only rows whose rotation waits for a caller that has not moved.</summary>
    public bool Waiting { get; init; }

    /// <summary>Part of an agent's slug, or of a key's name.</summary>
    public string? Text { get; init; }

    public static KeyBulkFilter Parse(Func<string, string?> value, FieldErrors errors)
    {
        if (value("waiting") is not (null or "true" or "false"))
            errors.Add("waiting", "Must be true or false.");
        return new KeyBulkFilter
        {
            Waiting = value("waiting") == "true",
            Effect = KebabCase.Read<KeyBulkEffect>(value("effect"), "effect", errors),
            Outcome = KebabCase.Read<KeyBulkOutcome>(value("outcome"), "outcome", errors),
            Rotation = KebabCase.Read<RotationState>(value("rotation"), "rotation", errors),
            Text = Texts.Line(value("q"), "q", 100, errors),
        };
    }

    public IEnumerable<KeyValuePair<string, string>> ToQuery()
    {
        if (Effect is { } effect)
            yield return new("effect", KebabCase.Of(effect));
        if (Outcome is { } outcome)
            yield return new("outcome", KebabCase.Of(outcome));
        if (Rotation is { } rotation)
            yield return new("rotation", KebabCase.Of(rotation));
        if (Waiting)
            yield return new("waiting", "true");
        if (Text is not null)
            yield return new("q", Text);
    }

    internal IQueryable<KeyBulkRow> Apply(IQueryable<KeyBulkRow> rows, IQueryable<Rotation> rotations)
    {
        if (Effect is { } effect)
            rows = rows.Where(r => r.Effect == effect);
        if (Outcome is { } outcome)
            rows = rows.Where(r => r.Outcome == outcome);
        if (Rotation is { } state)
            rows = rows.Where(r => rotations.Any(o => o.OrganizationId == r.OrganizationId && o.Id == r.RotationId && o.State == state));
        if (Text is not null)
        {
            var text = Text;
            rows = rows.Where(r => r.Agent.Contains(text) || (r.KeyName != null && r.KeyName.Contains(text)));
        }
        return rows;
    }
}
