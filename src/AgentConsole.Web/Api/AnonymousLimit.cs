using System.Threading.RateLimiting;
using AgentConsole.Core.Common;

namespace AgentConsole.Web.Api;

/// <summary>Calls per minute and address at doors that need no sign-in, so that guessing is slow and the disk cannot be filled.</summary>
internal static class AnonymousLimit
{
    public const string Policy = "anonymous";
    private const int PerMinute = 120;

    public static IServiceCollection AddAnonymousLimit(this IServiceCollection services) =>
        services.AddRateLimiter(options =>
        {
            options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            options.OnRejected = async (rejected, _) =>
                await ProblemHttp.WriteAsync(
                    rejected.HttpContext,
                    new Problem(
                        ProblemKind.TooMany,
                        "too_many_requests",
                        $"At most {PerMinute} calls a minute from one address here. Wait a minute."
                    )
                    {
                        RetryAfterSeconds = 60,
                    }
                );
            options.AddPolicy(
                Policy,
                context =>
                    RateLimitPartition.GetFixedWindowLimiter(
                        context.Connection.RemoteIpAddress?.ToString() ?? "",
                        _ => new FixedWindowRateLimiterOptions
                        {
                            PermitLimit = PerMinute,
                            Window = TimeSpan.FromMinutes(1),
                            QueueLimit = 0,
                        }
                    )
            );
        });
}
