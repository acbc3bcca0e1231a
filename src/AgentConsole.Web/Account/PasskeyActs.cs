using System.Text;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AgentConsole.Web.Account;

/// <summary>
/// What the scripts of the account ask: passkeys live in the browser, so that their forms cannot be plain ones. Bodies are forms with our token;
/// answers are JSON.
/// </summary>
internal static class PasskeyActs
{
    public const string SignIn = "/account/passkeys/sign-in";
    public const string New = "/account/passkeys/new";
    public const string Rename = "/account/passkeys/rename";
    public const string Remove = "/account/passkeys/remove";
    public const string StepUpMeans = "/account/step-up/means";
    public const string StepUpPassword = "/account/step-up/password";
    public const string StepUpPasskey = "/account/step-up/passkey";

    public static void MapPasskeyActs(this WebApplication app)
    {
        app.MapGet(SignIn, OfferSignInAsync).ExcludeFromDescription();
        app.MapPost(SignIn, SignInAsync).ExcludeFromDescription().RequireRateLimiting(SignInLimit.Policy);
        app.MapGet(New, OfferNewAsync).ExcludeFromDescription();
        app.MapPost(New, RegisterAsync).ExcludeFromDescription().RequireRateLimiting(SignInLimit.Policy);
        app.MapPost(Rename, RenameAsync).ExcludeFromDescription();
        app.MapPost(Remove, RemoveAsync).ExcludeFromDescription();
        app.MapGet(StepUpMeans, MeansAsync).ExcludeFromDescription();
        app.MapPost(StepUpPassword, ConfirmPasswordAsync).ExcludeFromDescription().RequireRateLimiting(SignInLimit.Policy);
        app.MapGet(StepUpPasskey, OfferStepUpAsync).ExcludeFromDescription();
        app.MapPost(StepUpPasskey, ConfirmPasskeyAsync).ExcludeFromDescription().RequireRateLimiting(SignInLimit.Policy);
    }

    public static BrowserPlace PlaceOf(HttpContext context) => new(context.Request.Host.Value ?? "");

    // ---- signing in --------------------------------------------------------------------------------------------------------------------------

    private static async Task OfferSignInAsync(HttpContext context, PasskeyService passkeys)
    {
        var offer = await passkeys.OfferSignInAsync(PlaceOf(context));
        SignInCookies.KeepPasskeyTicket(context, offer.Ticket); // in this browser and nowhere in the page
        await WriteAsync(context, offer.Options);
    }

    private static async Task<IResult> SignInAsync(HttpContext context, IAntiforgery antiforgery, SignInService signIn)
    {
        if (await RequestForm.TryReadOwnAsync(context, antiforgery) is not { } form)
            return RequestForm.Refused();
        var done = await signIn.PasskeyAsync(
            SignInCookies.TakePasskeyTicket(context),
            form["credential"],
            PlaceOf(context),
            Credentials.OriginOf(context),
            context.RequestAborted
        );
        if (!done.Try(out var result, out var problem))
            return Refuse(problem);
        await SignInCookies.EnterAsync(context, result);
        return Go(context, ConsoleUrls.Local(form["returnUrl"]));
    }

    // ---- one's own -----------------------------------------------------------------------------------------------------------------------------

    private static async Task<IResult> OfferNewAsync(HttpContext context, PasskeyService passkeys, ActorSource actors)
    {
        if (!Find(context, actors).Try(out var me, out var problem))
            return Refuse(problem);
        var offer = await passkeys.OfferNewAsync(me, PlaceOf(context), context.RequestAborted);
        return offer.Problem is { } refused ? Refuse(refused) : Offer(context, offer.Value);
    }

    private static async Task<IResult> RegisterAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        PasskeyService passkeys,
        ActorSource actors
    )
    {
        if (await RequestForm.TryReadOwnAsync(context, antiforgery) is not { } form)
            return RequestForm.Refused();
        if (!Find(context, actors).Try(out var me, out var problem))
            return Refuse(problem);
        var made = await passkeys.RegisterAsync(
            me,
            form["ticket"],
            form["credential"],
            form["name"],
            PlaceOf(context),
            context.RequestAborted
        );
        return made.Problem is { } refused
            ? Refuse(refused)
            : Go(context, ConsoleUrls.With(ConsoleUrls.Account, ("said", "passkey")) + "#passkeys");
    }

    private static async Task<IResult> RenameAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        PasskeyService passkeys,
        ActorSource actors
    )
    {
        if (await RequestForm.TryReadOwnAsync(context, antiforgery) is not { } form)
            return RequestForm.Refused();
        if (!Find(context, actors).Try(out var me, out _))
            return TypedResults.LocalRedirect(ConsoleUrls.SignIn(ConsoleUrls.Account));
        var done = await passkeys.RenameAsync(me, form["passkey"], form["name"], context.RequestAborted);
        return Back(done.Problem, "passkey-renamed");
    }

    private static async Task<IResult> RemoveAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        PasskeyService passkeys,
        ActorSource actors
    )
    {
        if (await RequestForm.TryReadOwnAsync(context, antiforgery) is not { } form)
            return RequestForm.Refused();
        if (!Find(context, actors).Try(out var me, out _))
            return TypedResults.LocalRedirect(ConsoleUrls.SignIn(ConsoleUrls.Account));
        var done = await passkeys.RemoveAsync(me, form["passkey"], context.RequestAborted);
        return Back(done.Problem, "passkey-removed");
    }

    // Removed meanwhile is removed; the page has a sentence for each other refusal.
    private static RedirectHttpResult Back(Problem? problem, string said) =>
        TypedResults.LocalRedirect(
            problem?.Code == StepUp.Code
                ? ConsoleUrls.StepUp(ConsoleUrls.Account + "#passkeys")
                : ConsoleUrls.With(
                    ConsoleUrls.Account,
                    (
                        "said",
                        problem switch
                        {
                            null or { Kind: ProblemKind.NotFound } => said,
                            { Code: "last_sign_in_means" } => "last-means",
                            { Kind: ProblemKind.Invalid } => "passkey-name",
                            _ => "passkey-refused",
                        }
                    )
                ) + "#passkeys"
        );

    // ---- confirming ----------------------------------------------------------------------------------------------------------------------------

    private static async Task<IResult> MeansAsync(HttpContext context, StepUpService stepUp, ActorSource actors)
    {
        if (!Find(context, actors).Try(out var me, out var problem))
            return Refuse(problem);
        var means = await stepUp.MeansAsync(me, context.RequestAborted);
        if (means.Problem is { } refused)
            return Refuse(refused);
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(
            new
            {
                user = me.Label,
                code = means.Value.Code,
                passkey = means.Value.Passkey,
            }
        );
    }

    private static async Task<IResult> ConfirmPasswordAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        StepUpService stepUp,
        ActorSource actors
    )
    {
        if (await RequestForm.TryReadOwnAsync(context, antiforgery) is not { } form)
            return RequestForm.Refused();
        if (!Find(context, actors).Try(out var me, out var problem))
            return Refuse(problem);
        var done = await stepUp.PasswordAsync(me, form["password"], form["code"], context.RequestAborted);
        return done.Problem is { } refused ? Refuse(refused) : Go(context, ConsoleUrls.Local(form["returnUrl"]));
    }

    private static async Task<IResult> OfferStepUpAsync(HttpContext context, PasskeyService passkeys, ActorSource actors)
    {
        if (!Find(context, actors).Try(out var me, out var problem))
            return Refuse(problem);
        var offer = await passkeys.OfferStepUpAsync(me, PlaceOf(context), context.RequestAborted);
        return offer.Problem is { } refused ? Refuse(refused) : Offer(context, offer.Value);
    }

    private static async Task<IResult> ConfirmPasskeyAsync(
        HttpContext context,
        IAntiforgery antiforgery,
        StepUpService stepUp,
        ActorSource actors
    )
    {
        if (await RequestForm.TryReadOwnAsync(context, antiforgery) is not { } form)
            return RequestForm.Refused();
        if (!Find(context, actors).Try(out var me, out var problem))
            return Refuse(problem);
        var done = await stepUp.PasskeyAsync(
            me,
            form["ticket"],
            form["credential"],
            PlaceOf(context),
            Credentials.OriginOf(context),
            context.RequestAborted
        );
        return done.Problem is { } refused ? Refuse(refused) : Go(context, ConsoleUrls.Local(form["returnUrl"]));
    }

    // ----------------------------------------------------------------------------------------------------------------------------------------------

    private static Outcome<Actor> Find(HttpContext context, ActorSource actors) =>
        SessionPrincipal.TryRead(context.User, out var user, out var session)
            ? actors.ForSession(user, session, Credentials.OriginOf(context))
            : ActorSource.SignInRequired;

    private static IResult Offer(HttpContext context, PasskeyOffer offer)
    {
        context.Response.Headers.CacheControl = "no-store";
        using var options = System.Text.Json.JsonDocument.Parse(offer.Options);
        return TypedResults.Json(new { options = options.RootElement.Clone(), ticket = offer.Ticket });
    }

    private static IResult Go(HttpContext context, string to)
    {
        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Json(new { to });
    }

    // 401 would be taken for the session's end.
    private static ProblemResult Refuse(Problem problem) =>
        new(
            problem.Kind == ProblemKind.Unauthenticated && problem != ActorSource.SessionEnded && problem != ActorSource.SignInRequired
                ? problem with
                {
                    Kind = ProblemKind.Forbidden,
                }
                : problem
        );

    private static Task WriteAsync(HttpContext context, string json)
    {
        context.Response.Headers.CacheControl = "no-store";
        context.Response.ContentType = "application/json; charset=utf-8";
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(json), context.RequestAborted).AsTask();
    }
}
