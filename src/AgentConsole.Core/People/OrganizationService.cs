using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.Trail;
using Microsoft.EntityFrameworkCore;

namespace AgentConsole.Core.People;

/// <summary>The organization's own settings.</summary>
public sealed class OrganizationService(ConsoleStore store, AccessDirectory access)
{
    public async Task<Outcome<OrganizationBody>> GetAsync(Actor by, CancellationToken cancellationToken)
    {
        await using var db = await store.ReadAsync(cancellationToken);
        return Body(await db.Organizations.SingleAsync(o => o.Id == by.OrganizationId, cancellationToken));
    }

    /// <param name="ifMatch">Revision the caller read.</param>
    public async Task<Outcome<OrganizationBody>> ChangeAsync(
        Actor by,
        long? ifMatch,
        Outcome<ChangeOrganization> input,
        CancellationToken cancellationToken
    )
    {
        if (!by.MayEverywhere(Permission.ManageOrganization))
            return Actor.MissingRole(Permission.ManageOrganization, null);
        if (!input.Try(out var body, out var problem))
            return problem;
        var errors = new FieldErrors();
        var name = Texts.Line(body.Name, "name", 200, errors, required: body.Name is not null);
        var zone = Zones.Read(body.TimeZone, "time_zone", errors);
        if (errors.ToProblem() is { } invalid)
            return invalid;
        if (ifMatch is null)
            return Problem.MatchRequired();
        await using var write = await store.WriteAsync(cancellationToken);
        var organization = await write.Db.Organizations.AsTracking().SingleAsync(o => o.Id == by.OrganizationId, cancellationToken);
        if (organization.Revision != ifMatch)
            return await write.ChangedAsync(by, "organization", organization.Id, cancellationToken, "organization.changed");
        (name, zone) = (name ?? organization.Name, zone ?? organization.TimeZone);
        if (organization.Name == name && organization.TimeZone == zone)
            return Body(organization);
        write.Trail(
            by,
            "organization.changed",
            new TrailTarget("organization", organization.Id, organization.Slug),
            before: new { organization.Name, organization.TimeZone },
            after: new { name, time_zone = zone }
        );
        (organization.Name, organization.TimeZone) = (name, zone);
        write.TellPeople(by.OrganizationId, organization.Id);
        write.AfterCommit(access.ReloadAsync);
        return await write.CommitAsync(by, Body(organization) with { Revision = organization.Revision + 1 }, cancellationToken);
    }

    private static OrganizationBody Body(Organization organization) =>
        new(
            IdText.Format(IdText.Organization, organization.Id),
            organization.Slug,
            organization.Name,
            organization.Currency,
            organization.TimeZone,
            organization.CreatedAt,
            organization.Revision
        );
}
