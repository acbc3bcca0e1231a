using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;

namespace AgentConsole.Web.Tests.Components;

/// <summary>Computes the contrast of every text and mark from tokens.css: 4.5 for text and 3 for marks, 7 for text under high contrast.</summary>
public sealed partial class ContrastTests
{
    private static readonly string[] Surfaces = ["canvas", "surface", "sunken", "raised", "hover"];
    private static readonly string[] Tones = ["ok", "degraded", "failing", "paused", "info"];

    private static readonly Dictionary<string, string> Light = Block(":root, [data-theme=\"light\"]");

    public static TheoryData<string, double> Themes =>
        new()
        {
            { "light", 4.5 },
            { "dark", 4.5 },
            { "light, more", 7 },
            { "dark, more", 7 },
        };

    [Theory, MemberData(nameof(Themes))]
    public void Text_can_be_read_on_every_surface_and_on_its_own_tint(string theme, double least)
    {
        var tokens = Tokens(theme);
        var faint = new List<string>();
        foreach (var surface in Surfaces)
        {
            foreach (var text in (string[])["fg", "fg-2", "fg-3", "accent", .. Tones])
                Check(tokens, text, surface, least, faint);
        }
        foreach (var tone in (string[])["accent", .. Tones])
            Check(tokens, tone, tone + "-bg", least, faint);
        Check(tokens, "fg-2", "failing-bg", least, faint);
        Check(tokens, "fg-2", "degraded-bg", least, faint);
        Check(tokens, "fg-2", "active", least, faint);
        // The palette's chosen line, the current menu line, a toast; the fills of buttons.
        foreach (var text in (string[])["fg", "fg-2", "fg-3"])
        {
            Check(tokens, text, "accent-bg", least, faint);
            Check(tokens, text, "active", least, faint);
        }
        Check(tokens, "surface", "fg", least, faint);
        Check(tokens, "on-fill", "accent-solid", least, faint);
        Check(tokens, "on-fill", "failing-fill", least, faint);
        if (least > 4.5)
            Check(tokens, "fg-disabled", "sunken", least, faint); // who asked for contrast can read what they may not press
        Assert.Empty(faint);
    }

    [Theory, MemberData(nameof(Themes))]
    public void Marks_and_the_borders_of_controls_can_be_seen(string theme, double least)
    {
        var tokens = Tokens(theme);
        var faint = new List<string>();
        foreach (var tone in (string[])["accent-solid", .. Tones.Select(t => t + "-solid"), "line-control"])
            Check(tokens, tone, "surface", least > 4.5 ? 4.5 : 3, faint);
        Assert.Empty(faint);
    }

    private static void Check(Dictionary<string, string> tokens, string on, string under, double least, List<string> faint)
    {
        var ratio = Ratio(tokens[on], tokens[under]);
        if (ratio < least)
            faint.Add(string.Create(CultureInfo.InvariantCulture, $"{on} on {under}: {ratio:0.00}"));
    }

    private static double Ratio(string one, string other)
    {
        var (a, b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(string hex)
    {
        double Channel(int at)
        {
            var value = int.Parse(hex.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
        }
        return 0.2126 * Channel(1) + 0.7152 * Channel(3) + 0.0722 * Channel(5);
    }

    private static Dictionary<string, string> Tokens(string theme)
    {
        var tokens = new Dictionary<string, string>(Light, StringComparer.Ordinal);
        string[] blocks = theme switch
        {
            "dark" => ["[data-theme=\"dark\"]"],
            "light, more" => ["[data-contrast=\"more\"]"],
            "dark, more" => ["[data-theme=\"dark\"]", "[data-contrast=\"more\"]", "[data-theme=\"dark\"][data-contrast=\"more\"]"],
            _ => [],
        };
        foreach (var (name, value) in blocks.SelectMany(Block))
            tokens[name] = value;
        return tokens;
    }

    // The block that sets colours under exactly this selector.
    private static Dictionary<string, string> Block(string selector)
    {
        var root = typeof(ContrastTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "RepoRoot").Value!;
        var css = File.ReadAllText(Path.Combine(root, "wwwroot-assets", "css", "tokens.css"));
        var wanted = WhiteSpace.Replace(selector, "");
        var blocks = Blocks.Matches(css).Where(m => WhiteSpace.Replace(m.Groups[1].Value, "") == wanted);
        var colours = blocks
            .SelectMany(m => Colours.Matches(m.Groups[2].Value))
            .ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        Assert.NotEmpty(colours);
        return colours;
    }

    [GeneratedRegex(@"(?<=[};/]\s*)([^{}@;/*]+)\{([^{}]*)\}")]
    private static partial Regex Blocks { get; }

    [GeneratedRegex(@"--ac-([a-z0-9-]+):\s*(#[0-9a-f]{6})\s*;")]
    private static partial Regex Colours { get; }

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace { get; }
}
