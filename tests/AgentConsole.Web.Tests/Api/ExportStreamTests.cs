using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Web.Tests.Api;

public sealed class ExportStreamTests
{
    [Fact]
    public async Task An_export_that_ends_on_the_way_breaks_the_connection_off_and_is_a_refusal_on_the_trail()
    {
        await using var house = await TestHouse.OpenAsync();
        var olga = house.As(house.Cast.Olga);
        var lifetime = new Lifetime();
        var context = new DefaultHttpContext { RequestServices = house.Services };
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        using var wire = new MemoryStream();
        context.Response.Body = wire;
        context.Request.Method = "GET";
        var export = new ExportStream(
            async (output, stop) =>
            {
                await output.WriteAsync("first"u8.ToArray(), stop);
                throw new ExportEndedException(olga, ActorSource.TokenRevoked);
            },
            "text/csv",
            "agents.csv"
        );

        await export.ExecuteAsync(context);

        Assert.True(lifetime.Aborted);
        Assert.Equal(5, wire.Length);
        await house.Get<RefusalRecorder>().StepAsync(TestHouse.Stop);
        await using var db = await house.Get<ConsoleStore>().ReadAsync(TestHouse.Stop);
        var record = await db.TrailRecords.SingleAsync(r => r.Action == "access.refused", TestHouse.Stop);
        Assert.Equal((house.Cast.Olga.Email, TrailOutcome.Refused), (record.ActorLabel, record.Outcome));
        Assert.Contains("token_revoked", record.After, StringComparison.Ordinal);
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted { get; set; }
        public bool Aborted { get; private set; }

        public void Abort() => Aborted = true;
    }
}
