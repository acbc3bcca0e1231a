using System.Security.Claims;
using AgentConsole.Core.Common;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using Microsoft.AspNetCore.Components.Authorization;

namespace AgentConsole.Web.Components;

/// <summary>Who looks, for one request or circuit. Keeps the cookie's claims only: rights are read anew at each access.</summary>
public sealed class Visitor
{
    private readonly AuthenticationStateProvider _authentication;
    private readonly ActorSource _actors;
    private readonly AccessDirectory _access;
    private readonly string? _address;
    private readonly string? _userAgent;
    private readonly string? _browserZone;
    private ClaimsPrincipal? _principal;

    public Visitor(AuthenticationStateProvider authentication, ActorSource actors, AccessDirectory access, PageContext page)
    {
        (_authentication, _actors, _access) = (authentication, actors, access);
        // Read while the request (or the circuit's connection) is at hand; later there is none.
        _address = page.Http?.Connection.RemoteIpAddress?.ToString();
        _userAgent = page.Http?.Request.Headers.UserAgent.ToString();
        Look = Look.Parse(page.Http?.Request.Cookies[Look.Cookie]);
        _browserZone = page.Http?.Request.Cookies[Look.ZoneCookie];
    }

    /// <summary>As it was when the page, or its circuit, began.</summary>
    public Look Look { get; }

    /// <summary>The zone that this choice of <see cref="Look.Times"/> means for the person: the browser's, UTC, or that of their one team, else the organization's.</summary>
    public Zone ZoneFor(string times)
    {
        if (times == "utc" || (times == "team" && Find().Problem is not null))
            return Zone.Utc;
        if (times == "local")
            return Zone.Of(_browserZone);
        var me = Find().Value;
        return Zone.Of(_access.Current.ZoneOf(me.OrganizationId, me.Grants.Teams.Count == 1 ? me.Grants.Teams.Keys.Single() : null));
    }

    /// <summary>Reads the claims; await it once before <see cref="Find"/>.</summary>
    public async Task KnowAsync() => _principal ??= (await _authentication.GetAuthenticationStateAsync()).User;

    /// <summary>The actor with the rights of this moment, or why there is none any more.</summary>
    public Outcome<Actor> Find() =>
        SessionPrincipal.TryRead(_principal, out var user, out var session)
            ? _actors.ForSession(user, session, new CallOrigin(_address, _userAgent, Guid.NewGuid().ToString("n")))
            : ActorSource.SignInRequired;

    /// <summary>The actor; when there is none any more, somebody who may nothing.</summary>
    public Actor FindOrNobody() => Find() is { Problem: null } found ? found.Value : Nobody;

    /// <summary>The person's name as others see it.</summary>
    public string DisplayName =>
        SessionPrincipal.TryRead(_principal, out var user, out _) && _access.Current.Principals.TryGetValue(user, out var principal)
            ? principal.DisplayName
            : "";

    private static Actor Nobody { get; } =
        new()
        {
            OrganizationId = Guid.Empty,
            Kind = ActorKind.Anonymous,
            Label = "",
            Method = AuthMethod.None,
            CorrelationId = "",
        };
}
