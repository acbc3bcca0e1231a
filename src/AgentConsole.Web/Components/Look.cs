namespace AgentConsole.Web.Components;

/// <summary>How the person likes the console to look; in a cookie of the browser, so that the server writes it into the page before it is drawn.</summary>
/// <param name="Theme"><c>system</c>, <c>light</c>, <c>dark</c>.</param>
/// <param name="Contrast"><c>system</c>, <c>normal</c>, <c>more</c>.</param>
/// <param name="Density"><c>comfortable</c>, <c>compact</c>.</param>
/// <param name="Keys">Whether single keys act: <c>on</c>, <c>off</c>.</param>
/// <param name="Times">In which zone times are said: the browser's, <c>local</c>; <c>utc</c>; the team's or organization's, <c>team</c>.</param>
public sealed record Look(string Theme, string Contrast, string Density, string Keys = "on", string Times = "local")
{
    public const string Cookie = "agentconsole-look";

    /// <summary>Holds the IANA id of the browser's zone; its script writes it at the first visit.</summary>
    public const string ZoneCookie = "agentconsole-zone";

    public static readonly string[] Themes = ["system", "light", "dark"];
    public static readonly string[] Contrasts = ["system", "normal", "more"];
    public static readonly string[] Densities = ["comfortable", "compact"];
    public static readonly string[] KeyChoices = ["on", "off"];
    public static readonly string[] TimeChoices = ["local", "utc", "team"];

    public static Look Default { get; } = new("system", "system", "comfortable");

    /// <summary>Reads the cookie; anything it does not know counts as not chosen.</summary>
    public static Look Parse(string? cookie)
    {
        if (cookie?.Split('.') is not [var theme, var contrast, var density, .. var more])
            return Default; // older cookies have fewer parts
        return new Look(
            Themes.Contains(theme) ? theme : Default.Theme,
            Contrasts.Contains(contrast) ? contrast : Default.Contrast,
            Densities.Contains(density) ? density : Default.Density,
            more is [var keys, ..] && KeyChoices.Contains(keys) ? keys : Default.Keys,
            more is [_, var times, ..] && TimeChoices.Contains(times) ? times : Default.Times
        );
    }

    /// <summary>This look with one part changed; unknown parts and values change nothing.</summary>
    public Look With(string part, string? value) =>
        part switch
        {
            "theme" when value is not null && Themes.Contains(value) => this with { Theme = value },
            "contrast" when value is not null && Contrasts.Contains(value) => this with { Contrast = value },
            "density" when value is not null && Densities.Contains(value) => this with { Density = value },
            "keys" when value is not null && KeyChoices.Contains(value) => this with { Keys = value },
            "times" when value is not null && TimeChoices.Contains(value) => this with { Times = value },
            _ => this,
        };

    public override string ToString() => $"{Theme}.{Contrast}.{Density}.{Keys}.{Times}";

    /// <summary>For <c>data-theme</c>; null where the system decides.</summary>
    public string? ThemeAttribute => Theme == "system" ? null : Theme;

    public string? ContrastAttribute => Contrast == "system" ? null : Contrast;
}
