using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Components.Submissions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Components;

namespace AgentConsole.Web.Components;

/// <summary>
/// Every page of the console, and every part of one that acts by itself. It knows who looks and stops what it started when they leave. Pages load
/// in <c>OnParametersSetAsync</c>, or once in <see cref="OpenAsync"/>.
/// </summary>
[Authorize]
public abstract class ConsolePage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _left = new();

    protected ConsolePage() => Left = _left.Token;

    [Inject]
    public required Visitor Visitor { get; init; }

    [Inject]
    public required AccessDirectory Access { get; init; }

    [Inject]
    public required NavigationManager Navigation { get; init; }

    [Inject]
    public required TimeProvider Clock { get; init; }

    [Inject]
    public required LiveState Live { get; init; }

    /// <summary>For every write that makes something: see <see cref="Draft"/>.</summary>
    [Inject]
    public required SubmitOnce Once { get; init; }

    [Inject]
    public required Confirmation Confirmation { get; init; }

    /// <summary>Who looks, with the rights of this moment. Ask for each operation; keep it nowhere.</summary>
    protected Actor Me
    {
        get
        {
            var found = Visitor.Find();
            if (found.Problem is null)
                return found.Value;
            Navigation.NavigateTo(ConsoleUrls.SignIn("/" + Navigation.ToBaseRelativePath(Navigation.Uri)), forceLoad: true);
            return Visitor.FindOrNobody();
        }
    }

    /// <summary>Ends when the person leaves the page.</summary>
    protected CancellationToken Left { get; }

    protected DateTimeOffset Now => Clock.GetUtcNow();

    /// <summary>Why the person may not do this in the team, naming the role and who grants it; null when they may.</summary>
    protected string? WhyNot(Permission permission, Guid teamId) =>
        Me.May(permission, teamId) ? null : Permissions.Explain(permission, Access.Current.Teams.GetValueOrDefault(teamId)?.Name);

    /// <summary>As <see cref="WhyNot(Permission, Guid)"/>, for what belongs to no team.</summary>
    protected string? WhyNot(Permission permission) => Me.MayEverywhere(permission) ? null : Permissions.Explain(permission, null);

    /// <summary>Null when the person may do this in at least one team.</summary>
    protected string? WhyNotAnywhere(Permission permission) =>
        Me.TeamsWith(permission) is { All: false, Ids.Length: 0 } ? Permissions.Explain(permission, "a team") : null;

    /// <summary>
    /// Opens a question of the page by its address (<c>?act=revoke&amp;of=ver_…</c>), so that it is there again after a reload and Back closes it. The page
    /// reads both members with <c>SupplyParameterFromQuery</c>. Null closes it.
    /// </summary>
    /// <param name="instead">In the place of the question before, not on top of it.</param>
    protected void Ask(string? act, string? of = null, bool instead = false) =>
        Navigation.NavigateTo(
            Navigation.GetUriWithQueryParameters(new Dictionary<string, object?> { ["act"] = act, ["of"] = of }),
            replace: instead || act is null
        );

    /// <summary>
    /// Does a dangerous act. When a fresh proof of the person is asked for, a dialog asks for it over the page, which keeps all that was typed, and
    /// the act is done again. Read <see cref="Me"/> inside the act.
    /// </summary>
    protected Task<Outcome<T>> ConfirmedAsync<T>(Func<Task<Outcome<T>>> act)
        where T : notnull => Confirmation.RunAsync(act, Left);

    /// <summary>
    /// Takes back what a toast told of. By then the page may show something else or be gone, so <paramref name="undo"/> uses what was captured when it was
    /// done, and no <see cref="Me"/> or <see cref="Left"/>; what became of it is told as the act was.
    /// </summary>
    /// <param name="undo">Ends with nobody: give it no token of the page.</param>
    /// <param name="done">What is said when it was undone.</param>
    /// <param name="here">Shows it, where the person is still on the page.</param>
    protected async Task UndoAsync<T>(Toasts toasts, Func<Actor, Task<Outcome<T>>> undo, string done, Func<Outcome<T>, Task> here)
        where T : notnull
    {
        var undone = await undo(Visitor.FindOrNobody());
        toasts.Show(undone.Problem is { } problem ? "Not undone: " + problem.Detail : done);
        if (Left.IsCancellationRequested)
            return;
        try
        {
            await here(undone);
        }
        catch (OperationCanceledException) when (Left.IsCancellationRequested)
        {
            return; // the person left while it was read
        }
        StateHasChanged(); // an undo comes from the toast, not from this page
    }

    /// <summary>Does something on the page's own thread, called from a timer or another thread; it ends with the page.</summary>
    protected void Work(Func<Task> work) =>
        _ = Task.Run(
            () =>
                InvokeAsync(async () =>
                {
                    if (Left.IsCancellationRequested)
                        return;
                    try
                    {
                        await work();
                    }
                    catch (OperationCanceledException) when (Left.IsCancellationRequested)
                    {
                        // The person left while it was read.
                    }
                    catch (Exception e)
                    {
                        await DispatchExceptionAsync(e); // the page's boundary shows it
                    }
                }),
            CancellationToken.None
        );

    protected sealed override async Task OnInitializedAsync()
    {
        await Visitor.KnowAsync();
        if (!IsPart && Visitor.Find() is { Problem: null } me)
            Live.BeginRead(me.Value.OrganizationId);
        await OpenAsync();
    }

    /// <summary>A part of a page, which reads after it and must not begin its reading anew.</summary>
    protected virtual bool IsPart => false;

    /// <summary>Called once, when it is known who looks.</summary>
    protected virtual Task OpenAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _left.Cancel();
        _left.Dispose();
        Leave();
        GC.SuppressFinalize(this);
    }

    /// <summary>Called once when the person leaves; stop here what does not listen to <see cref="Left"/>.</summary>
    protected virtual void Leave() { }
}
