using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Core.Views;

namespace AgentConsole.Web.Components.Views;

/// <summary>Where a saved view is looked at: the page's address with all that the view says, and its id, so that what is changed is seen to be.</summary>
public static class ViewAddress
{
    /// <summary>Name of the member that says which view, and its value for "no view, everything".</summary>
    public const string Member = "view";
    public const string All = "all";

    public static string Of(ViewBody view) =>
        ConsoleUrls.With(
            PathOf(KebabCase.Parse<ViewPage>(view.Page)),
            [
                (Member, view.Id),
                .. QueryText.Read(view.Query).Select(m => (m.Key, (string?)m.Value)),
                ("columns", view.Columns),
                ("density", view.Density),
            ]
        );

    /// <summary>
    /// The page with these members, still as a change of the view that is open. An address that says nothing more would go to all of the view, or to
    /// the default one: then it says that everything is meant.
    /// </summary>
    public static string Keep(string path, string? view, IEnumerable<KeyValuePair<string, string>> members)
    {
        var query = members.Select(m => (m.Key, (string?)m.Value)).ToList();
        return ConsoleUrls.With(
            path,
            [
                (
                    Member,
                    query.Count == 0 ? All
                    : view is All ? null
                    : view
                ),
                .. query,
            ]
        );
    }

    /// <summary>The view that an address names; null for none.</summary>
    public static string? In(Microsoft.Extensions.Primitives.StringValues value) =>
        value.ToString() is { Length: > 0 and <= 40 } named ? named : null;

    public static string PathOf(ViewPage page) =>
        page switch
        {
            ViewPage.Runs => ConsoleUrls.Runs,
            ViewPage.Keys => ConsoleUrls.Keys,
            _ => ConsoleUrls.Fleet,
        };

    /// <summary>
    /// Where to go instead, when somebody came to a page without saying what they want: their default view, or their columns; or when they named a
    /// view and nothing else: to all that it says. Null: stay. The address it gives always says more than the one that was asked.
    /// </summary>
    public static async Task<string?> InsteadAsync(
        ViewService views,
        Actor me,
        ViewPage page,
        string query,
        CancellationToken cancellationToken
    )
    {
        var members = QueryText.Read(query);
        if (members.Count == 1 && members.TryGetValue(Member, out var id) && id != All)
        {
            var named = await views.GetAsync(me, id, cancellationToken);
            return
                named.Problem is null
                && named.Value.Page == KebabCase.Of(page)
                && Of(named.Value) is var whole
                && whole.Contains('&', StringComparison.Ordinal)
                ? whole
                : null;
        }
        if (members.Count > 0)
            return null;
        var landing = await views.LandingAsync(me, page, cancellationToken);
        if (landing.View is { } view)
            return Of(view);
        return landing.Columns is null && landing.Density is null
            ? null
            : ConsoleUrls.With(PathOf(page), ("columns", landing.Columns), ("density", landing.Density));
    }
}
