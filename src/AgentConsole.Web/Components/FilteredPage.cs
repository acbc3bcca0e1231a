using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Components;

/// <summary>A page, or a part of one, whose filters stand in the address: <c>OnParametersSetAsync</c> runs for each new address, also when only its query is new.</summary>
public abstract class FilteredPage : ConsolePage
{
    // The router renders a page anew only when a parameter has changed, and filters are none: this one makes the framework tell of every query.
    // Pages read the whole address themselves.
    [SupplyParameterFromQuery(Name = "q")]
    public string? Query { get; set; }
}
