namespace AgentConsole.Web.Components;

/// <summary>
/// The request in which a page or the start of its circuit is handled. The framework's own accessor would be filled for calls of the API too, which
/// do not need it and are many.
/// </summary>
public sealed class PageContext
{
    private readonly HttpContextAccessor _accessor = new();

    /// <summary>Null outside of a request, also in a circuit once it runs.</summary>
    public HttpContext? Http => _accessor.HttpContext;

    public async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        _accessor.HttpContext = context;
        try
        {
            await next(context);
        }
        finally
        {
            _accessor.HttpContext = null;
        }
    }
}

internal static class PageContextExtensions
{
    public static void UsePageContext(this WebApplication app)
    {
        var request = app.Services.GetRequiredService<PageContext>();
        app.Use(next => context => request.HandleAsync(context, next));
    }
}
