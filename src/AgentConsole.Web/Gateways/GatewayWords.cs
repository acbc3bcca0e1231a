using AgentConsole.Contracts;
using AgentConsole.Web.Components;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Gateways;

/// <summary>How gateways are said.</summary>
internal static class GatewayWords
{
    public static string Place(string? region, string? environment) =>
        string.Join(" · ", new[] { region, environment }.Where(part => part is not null)) is { Length: > 0 } place ? place : Words.Unknown;

    public static MarkupString Routing(bool inRouting) =>
        new(
            inRouting
                ? $"<span class=\"st\">{Status.IconHtml("circle-check")}In routing</span>"
                : $"<span class=\"st paused\">{Status.IconHtml("circle-pause")}Taken out</span>"
        );

    public static MarkupString Health(GatewayBody gateway) =>
        new(
            (gateway.Health, gateway.Probe) switch
            {
                ("up", _) => $"<span class=\"st ok\">{Status.IconHtml("circle-check")}Up</span>",
                ("down", _) => $"<span class=\"st failing\">{Status.IconHtml("octagon-x")}Down</span>",
                (_, true) => $"<span class=\"st off\">{Status.IconHtml("circle-dashed")}Not probed yet</span>",
                _ => $"<span class=\"st off\">{Status.IconHtml("circle-dashed")}Not probed</span>",
            }
        );

    public static string Errors(long failures, long runs) => Words.Percent(runs == 0 ? null : failures / (double)runs);
}
