using AgentConsole.Core.Trail;

namespace AgentConsole.Web.Api;

/// <summary>
/// A granted export on its way out. When it ends before its end, the connection is broken off: a download that fails is seen, a short file is not. The
/// trail says who lost it, and why.
/// </summary>
internal sealed class ExportStream(Func<Stream, CancellationToken, Task> write, string contentType, string fileName) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        try
        {
            await Results.Stream(output => write(output, httpContext.RequestAborted), contentType, fileName).ExecuteAsync(httpContext);
        }
        catch (ExportEndedException ended)
        {
            httpContext
                .RequestServices.GetRequiredService<RefusalRecorder>()
                .Note(
                    ended.By,
                    httpContext.Request.Method + " " + httpContext.GetEndpoint()?.Metadata.GetMetadata<RouteFigures>()?.Route,
                    ended.Problem
                );
            httpContext.Abort();
        }
    }
}
