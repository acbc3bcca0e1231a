using System.Globalization;
using System.Text.Json;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Prices;

/// <summary>Checks prices against their bounds.</summary>
internal static class PriceReader
{
    public const int MostModel = 100;
    private const decimal MostPerMillion = 1_000_000m;
    private const int MostDecimals = 10;

    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Latest = new(2200, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The row that this body asks for, or null when something is wrong with it.</summary>
    /// <param name="prefix">What stands before each field's name, for a body within a body.</param>
    public static Price? Read(
        AddPrice body,
        Guid organizationId,
        Guid id,
        DateTimeOffset now,
        string by,
        FieldErrors errors,
        string prefix = ""
    )
    {
        var own = new FieldErrors();
        var model = Texts.Line(body.Model, "model", MostModel, own, required: true);
        if (model?.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star && star != model.Length - 1)
            own.Add("model", "A * may stand at the end only, as in gpt-4o*.");
        var from = Instant(body.EffectiveFrom, "effective_from", own);
        var until = Instant(body.EffectiveUntil, "effective_until", own);
        if (string.IsNullOrEmpty(body.EffectiveFrom))
            own.Add("effective_from", "This is required: since when the price counts.");
        if (until <= from)
            own.Add("effective_until", "Must lie after effective_from.");
        var price = new Price
        {
            Id = id,
            OrganizationId = organizationId,
            Model = model ?? "",
            Provider = Texts.Line(body.Provider, "provider", 100, own),
            InputPerMillion = PerMillion(body.InputPerMillion, "input_per_million", own),
            OutputPerMillion = PerMillion(body.OutputPerMillion, "output_per_million", own),
            EffectiveFrom = from ?? default,
            EffectiveUntil = until,
            Source = Texts.Line(body.Source, "source", 500, own, required: true) ?? "",
            Notes = Texts.Block(body.Notes, "notes", 1000, own),
            CreatedAt = now,
            CreatedBy = by,
        };
        foreach (var (field, sentences) in own.ToDictionary())
        {
            foreach (var sentence in sentences)
                errors.Add(prefix + field, sentence);
        }
        return own.Any ? null : price;
    }

    private static decimal PerMillion(JsonElement? value, string field, FieldErrors errors)
    {
        var text = value switch
        {
            { ValueKind: JsonValueKind.String } element => JsonObjects.Text(element)?.Trim(),
            { ValueKind: JsonValueKind.Number } element => element.GetRawText(),
            _ => null,
        };
        if (
            string.IsNullOrEmpty(text)
            || text.Length > 40
            || !decimal.TryParse(
                text,
                NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
                CultureInfo.InvariantCulture,
                out var usd
            )
        )
            errors.Add(field, "Must be USD per 1,000,000 tokens, as a string such as \"2.50\".");
        else if (usd > MostPerMillion || decimal.Round(usd, MostDecimals) != usd)
            errors.Add(field, "Must lie between 0 and 1000000 USD, with at most 10 decimals.");
        else
            return usd;
        return 0;
    }

    private static DateTimeOffset? Instant(string? text, string field, FieldErrors errors)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;
        if (
            text.Length <= 40
            && DateTimeOffset.TryParse(
                text.Trim(),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var at
            )
            && at >= Earliest
            && at < Latest
        )
            return Utc.FromMicros(Utc.ToMicros(at));
        errors.Add(field, "Must be a day such as 2026-03-01, which begins in UTC, or an instant such as 2026-03-01T09:00:00Z.");
        return null;
    }
}
