using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Tests.Components;

/// <summary>Finds and presses in one step of the renderer: a live change that draws the page between the two would take the handler away.</summary>
internal static class Hands
{
    /// <summary>Waits for <paramref name="selector"/> and acts on the first element that matches.</summary>
    public static Task ActAsync<T>(this IRenderedComponent<T> page, string selector, Action<IElement> act)
        where T : IComponent
    {
        page.WaitForElement(selector);
        return page.InvokeAsync(() => act(page.Find(selector)));
    }

    /// <summary>Presses the button with this text.</summary>
    public static Task PressAsync<T>(this IRenderedComponent<T> page, string text)
        where T : IComponent => page.InvokeAsync(() => page.FindAll("button").First(b => b.TextContent.Trim() == text).Click());
}
