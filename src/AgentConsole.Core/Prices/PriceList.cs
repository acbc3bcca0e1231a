using System.Collections.Frozen;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Prices;

/// <summary>
/// The prices of one organization, for computing costs. Among the rows that fit a model at an instant the longest name wins, the exact one before
/// every pattern, and of one name the price that began last.
/// </summary>
public sealed class PriceList
{
    private readonly FrozenDictionary<string, Price[]> _exact;

    // Longest first.
    private readonly (string Prefix, Price[] Prices)[] _patterns;

    /// <param name="prices">Those that are not superseded.</param>
    public PriceList(IEnumerable<Price> prices)
    {
        var byModel = prices
            .GroupBy(p => p.Model, StringComparer.Ordinal)
            .Select(g => (Model: g.Key, Prices: g.OrderByDescending(p => p.EffectiveFrom).ToArray()))
            .ToList();
        _exact = byModel.Where(m => !m.Model.EndsWith('*')).ToFrozenDictionary(m => m.Model, m => m.Prices, StringComparer.Ordinal);
        _patterns =
        [
            .. byModel.Where(m => m.Model.EndsWith('*')).Select(m => (m.Model[..^1], m.Prices)).OrderByDescending(m => m.Item1.Length),
        ];
    }

    public static PriceList Empty { get; } = new([]);

    public bool IsEmpty => _exact.Count == 0 && _patterns.Length == 0;

    /// <summary>The price of a model at an instant; null when there is none.</summary>
    public Price? Find(string? model, DateTimeOffset at)
    {
        if (model is null)
            return null;
        if (_exact.TryGetValue(model, out var exact) && At(exact, at) is { } found)
            return found;
        foreach (var (prefix, prices) in _patterns)
        {
            if (model.StartsWith(prefix, StringComparison.Ordinal) && At(prices, at) is { } price)
                return price;
        }
        return null;
    }

    /// <summary>Micro-USD of these tokens, rounded half-even once; null without a price, or beyond what a run may cost.</summary>
    public long? CostOf(string? model, long? inputTokens, long? outputTokens, DateTimeOffset at)
    {
        if (Find(model, at) is not { } price)
            return null;
        var micros = decimal.Round(
            ((inputTokens ?? 0) * price.InputPerMillion) + ((outputTokens ?? 0) * price.OutputPerMillion),
            0,
            MidpointRounding.ToEven
        );
        return micros <= Money.MaxMicros ? (long)micros : null;
    }

    private static Price? At(Price[] newestFirst, DateTimeOffset at)
    {
        foreach (var price in newestFirst)
        {
            if (price.EffectiveFrom <= at && (price.EffectiveUntil is not { } until || at < until))
                return price;
        }
        return null;
    }
}
