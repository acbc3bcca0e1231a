using System.Security.Claims;
using AgentConsole.Core.Agents;
using AgentConsole.Core.Data;
using AgentConsole.Core.Live;
using AgentConsole.Core.People;
using AgentConsole.Core.Runs;
using AgentConsole.Web.Agents;
using AgentConsole.Web.Api;
using AgentConsole.Web.Components;
using AgentConsole.Web.Components.Live;
using AgentConsole.Web.Hosting;
using Bunit;
using Bunit.Rendering;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentConsole.Web.Tests.Components;

/// <summary>Pages over the real services and SQLite, a clock that stands still, and somebody of the cast looking: Ines unless a test says otherwise.</summary>
public abstract class ConsoleBunitContext : BunitContext, IAsyncLifetime
{
    private readonly SignedIn _signedIn = new();
    private TestHouse? _house;
    private bool _ingests;

    protected TestHouse House => _house ?? throw new InvalidOperationException("The house opens before the test begins.");
    protected Cast Cast => House.Cast;
    protected ManualClock Clock => House.Clock;

    /// <summary>The life of the node that shows the pages.</summary>
    protected ApplicationLifetime Node { get; } = new(NullLogger<ApplicationLifetime>.Instance);
    protected static CancellationToken Stop => Xunit.TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _house = await TestHouse.OpenAsync();
        Services.AddConsoleUi();
        Services.AddConsoleFleet();
        Services.AddSingleton<AuthenticationStateProvider>(_signedIn);
        Services.AddFallbackServiceProvider(_house.Services);
        Services.AddSingleton(_ => new Readiness(
            Get<ConsoleStore>(),
            Get<StoreConfirmation>(),
            Node,
            Clock,
            NullLogger<Readiness>.Instance
        ));
        // By hand: the fallback serves what a component asks for, not what a service of ours does.
        Services.AddScoped(services => new Visitor(
            _signedIn,
            _house.Get<ActorSource>(),
            _house.Get<AccessDirectory>(),
            services.GetRequiredService<PageContext>()
        ));
        Services.AddSingleton(new Retries(_house.Get<ConsoleStore>(), _house.Get<MasterKey>(), _house.Clock));
        Services.AddScoped(_ => new LiveState(_house.Get<ChangeFeed>()));
        JSInterop.Mode = JSRuntimeMode.Loose;
        SetRendererInfo(new RendererInfo("Server", isInteractive: true));
        LookAs(Cast.Ines);
    }

    protected override async ValueTask DisposeAsyncCore()
    {
        await base.DisposeAsyncCore();
        if (_house is null)
            return;
        if (_ingests)
            await Get<RunIngest>().StopAsync(CancellationToken.None);
        await _house.DisposeAsync();
    }

    protected void LookAs(Person person) => _signedIn.User = SessionPrincipal.Create(person.Id, person.SessionId);

    protected T Get<T>()
        where T : notnull => House.Get<T>();

    /// <summary>Registers an agent of payments, as Olga.</summary>
    protected async Task<AgentBody> RegisterAsync(string slug, Func<RegisterAgent, RegisterAgent>? more = null)
    {
        var body = new RegisterAgent { Slug = slug, Team = "payments" };
        var registered = await Get<AgentService>().RegisterAsync(House.As(Cast.Olga), more?.Invoke(body) ?? body, Stop);
        Assert.Null(registered.Problem);
        return registered.Value;
    }

    /// <summary>What the console's own watches would have found out.</summary>
    protected async Task ChangeAsync(AgentBody agent, Action<Agent> change)
    {
        await using var write = await Get<ConsoleStore>().WriteAsync(Stop);
        var row = write.Db.Agents.Single(a => a.Slug == agent.Slug && a.DeletedAt == null);
        change(row);
        Get<AgentDirectory>().Announce(write, row);
        Assert.True(await write.TryCommitAsync(Stop));
    }

    /// <summary>Takes a table away, so that whatever reads it fails; and puts it back.</summary>
    protected async Task TakeAwayAsync(string table, bool back = false)
    {
        var (from, to) = back ? (table + "_away", table) : (table, table + "_away");
        await using var write = await Get<ConsoleStore>().WriteAsync(Stop);
#pragma warning disable EF1002 // names of tests
        await write.Db.Database.ExecuteSqlRawAsync($"ALTER TABLE {from} RENAME TO {to}", Stop);
#pragma warning restore EF1002
        Assert.True(await write.TryCommitAsync(Stop));
    }

    /// <summary>The agent itself, with its key.</summary>
    protected Actor As(AgentBody agent) =>
        new()
        {
            OrganizationId = Cast.Acme,
            Kind = ActorKind.Agent,
            Id = Core.Common.IdText.Parse(Core.Common.IdText.Agent, agent.Id),
            Label = agent.Slug,
            Method = AuthMethod.AgentKey,
            CorrelationId = "c",
            Scopes = TokenScopes.AgentKey,
        };

    /// <summary>The agent reports a run with its own key.</summary>
    protected async Task<RunBody> ReportAsync(AgentBody agent, string status, string? externalId = null, string? summary = null)
    {
        if (!_ingests)
            await Get<RunIngest>().StartAsync(Stop);
        _ingests = true;
        var body = new ReportRun
        {
            ExternalId = externalId,
            Status = status,
            Summary = summary,
        };
        var reported = await Get<RunIngest>().ReportAsync(As(agent), null, body, 100);
        Assert.Null(reported.Problem);
        return reported.Value.Run;
    }

    /// <summary>Moves the clock until the page shows it: changes that come close together are told together, some milliseconds later.</summary>
    protected async Task SoonAsync<T>(IRenderedComponent<T> page, Action assertion)
        where T : IComponent
    {
        for (var tries = 0; ; tries++)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(50));
            try
            {
                await page.InvokeAsync(assertion);
                return;
            }
            catch (Exception e) when (tries < 500 && e is Xunit.Sdk.XunitException or ElementNotFoundException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Stop);
            }
        }
    }

    private sealed class SignedIn : AuthenticationStateProvider
    {
        public ClaimsPrincipal User { get; set; } = new();

        public override Task<AuthenticationState> GetAuthenticationStateAsync() => Task.FromResult(new AuthenticationState(User));
    }
}
