using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace AgentConsole.Web.Account;

/// <summary>
/// Forms that prove a person, per minute and address: a password is dear to compare, and guessing must be slow across accounts too. Reading the
/// pages is not limited.
/// </summary>
internal sealed class SignInLimit : IRateLimiterPolicy<string>
{
    public const string Policy = "sign-in";
    private const int PerMinute = 60;

    public Func<OnRejectedContext, CancellationToken, ValueTask>? OnRejected { get; } =
        async (rejected, cancellationToken) =>
        {
            var response = rejected.HttpContext.Response;
            response.StatusCode = StatusCodes.Status429TooManyRequests;
            response.Headers.RetryAfter = "60";
            response.ContentType = "text/plain; charset=utf-8";
            await response.WriteAsync("Too many attempts from this address. Wait a minute, go back and try again.", cancellationToken);
        };

    public RateLimitPartition<string> GetPartition(HttpContext httpContext) =>
        HttpMethods.IsPost(httpContext.Request.Method)
            ? RateLimitPartition.GetFixedWindowLimiter(
                httpContext.Connection.RemoteIpAddress?.ToString() ?? "",
                _ => new FixedWindowRateLimiterOptions
                {
                    PermitLimit = PerMinute,
                    Window = TimeSpan.FromMinutes(1),
                    QueueLimit = 0,
                }
            )
            : RateLimitPartition.GetNoLimiter("");
}

internal static class SignInLimitExtensions
{
    public static IServiceCollection AddSignInLimit(this IServiceCollection services) =>
        services.AddRateLimiter(options => options.AddPolicy<string, SignInLimit>(SignInLimit.Policy));
}
