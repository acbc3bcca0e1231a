using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.RateLimiting;

namespace AgentConsole.Web.Account;

/// <summary>A page before the shell: static, a plain form, no script needed. Answers are kept by nobody.</summary>
[AllowAnonymous]
[ExcludeFromInteractiveRouting]
[EnableRateLimiting(SignInLimit.Policy)]
public abstract class EntryPage : ComponentBase
{
    [CascadingParameter]
    public required HttpContext Http { get; set; }

    /// <summary>Why the form was refused; null when it was not.</summary>
    protected Problem? Problem { get; private set; }

    protected IReadOnlyDictionary<string, string[]>? Errors => Problem?.Errors;

    protected CallOrigin Origin => Credentials.OriginOf(Http);

    protected CancellationToken Left => Http.RequestAborted;

    protected override void OnInitialized()
    {
        if (!Http.Response.HasStarted)
            Http.Response.Headers.CacheControl = "no-cache, no-store";
    }

    /// <summary>Shows the refusal in the page, with its status.</summary>
    protected void Refuse(Problem problem)
    {
        Problem = problem;
        if (Http.Response.HasStarted)
            return;
        Http.Response.StatusCode = ProblemHttp.StatusOf(problem.Kind) switch
        {
            StatusCodes.Status401Unauthorized => StatusCodes.Status400BadRequest, // a browser would ask for a password of its own
            StatusCodes.Status404NotFound => StatusCodes.Status410Gone, // the router keeps 404 for itself and drops the page
            var status => status,
        };
    }

    /// <summary>Takes the new session up and goes to a page of the console.</summary>
    protected async Task EnterAsync(SignInResult result, string? returnUrl)
    {
        await SignInCookies.EnterAsync(Http, result);
        GoTo(ConsoleUrls.Local(returnUrl));
    }

    /// <summary>Sends the browser to one of our pages, by its path alone: host and scheme are as the browser knows them, behind a proxy too.</summary>
    protected void GoTo(string path)
    {
        if (!Http.Response.HasStarted)
            Http.Response.Redirect(path);
    }

    /// <summary>Whether the browser is signed in already.</summary>
    protected bool IsSignedIn => Http.User.Identity?.IsAuthenticated == true;
}
