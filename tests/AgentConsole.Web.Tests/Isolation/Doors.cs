using AgentConsole.Core.People;

namespace AgentConsole.Web.Tests.Isolation;

/// <summary>What an endpoint is about, which decides who may not even know of it.</summary>
public enum Subject
{
    /// <summary>A thing of the team payments: strangers get 404.</summary>
    Payments,

    /// <summary>A list that is narrowed to what the caller sees: nobody gets more, nobody is refused.</summary>
    Narrowed,

    /// <summary>The organization as a whole.</summary>
    Organization,

    /// <summary>The caller's own affairs.</summary>
    Self,

    /// <summary>Nobody needs to be known.</summary>
    Anyone,

    /// <summary>An agent's report on itself.</summary>
    Agent,
}

/// <summary>One row of the table "Who may do what", for one endpoint.</summary>
/// <param name="Permission">What the role must grant; null where visibility is enough.</param>
/// <param name="Path">With <c>{agent}</c>, <c>{key}</c>, <c>{run}</c>… of payments filled in.</param>
public sealed record Door(string Operation, string Method, string Path, Subject Subject, Permission? Permission, string? Body = null);

/// <summary>Every endpoint of the API by its operation name. A test fails when one has no row here.</summary>
public static class Doors
{
    public static readonly IReadOnlyList<Door> All =
    [
        new("RegisterAgent", "POST", "/api/v1/agents", Subject.Payments, Permission.EditAgents, """{"slug":"{new}","team":"payments"}"""),
        new(
            "RegisterAgents",
            "POST",
            "/api/v1/agents/bulk?dry_run=true",
            Subject.Payments,
            Permission.EditAgents,
            """[{"slug":"{new}","team":"payments"}]"""
        ),
        new("ListAgents", "GET", "/api/v1/agents", Subject.Narrowed, null),
        new("GetAgent", "GET", "/api/v1/agents/{agent}", Subject.Payments, null),
        new("ChangeAgent", "PATCH", "/api/v1/agents/{agent}", Subject.Payments, Permission.EditAgents, "{}"),
        new("PauseAgent", "POST", "/api/v1/agents/{agent}/pause", Subject.Payments, Permission.EditAgents, "{}"),
        new("ResumeAgent", "POST", "/api/v1/agents/{agent}/resume", Subject.Payments, Permission.EditAgents, "{}"),
        new("DeleteAgent", "DELETE", "/api/v1/agents/{spare}", Subject.Payments, Permission.EditAgents),
        new("RestoreAgent", "POST", "/api/v1/agents/{spare}/restore", Subject.Payments, Permission.EditAgents, "{}"),
        new("GetAgentStats", "GET", "/api/v1/agents/{agent}/stats", Subject.Payments, null),
        new("MintKey", "POST", "/api/v1/agents/{agent}/keys", Subject.Payments, Permission.ManageKeys, "{}"),
        new("ListKeys", "GET", "/api/v1/agents/{agent}/keys", Subject.Payments, null),
        new("GetKey", "GET", "/api/v1/agents/{agent}/keys/{key}", Subject.Payments, null),
        new("DisableKey", "POST", "/api/v1/agents/{agent}/keys/{key}/disable", Subject.Payments, Permission.ManageKeys, "{}"),
        new("EnableKey", "POST", "/api/v1/agents/{agent}/keys/{key}/enable", Subject.Payments, Permission.ManageKeys, "{}"),
        new(
            "RevokeKey",
            "POST",
            "/api/v1/agents/{agent}/keys/{key}/revoke",
            Subject.Payments,
            Permission.ManageKeys,
            """{"key_version":99}"""
        ),
        new("SetKeyExpiry", "PUT", "/api/v1/agents/{agent}/keys/{key}/expiry", Subject.Payments, Permission.ManageKeys, "{}"),
        new("VerifyKey", "POST", "/api/v1/keys/verify", Subject.Narrowed, null, """{"key":"ak_live_x"}"""),
        new("ReportLeak", "POST", "/api/v1/keys/report-leak", Subject.Anyone, null, """{"key":"ak_live_x"}"""),
        new("Heartbeat", "POST", "/api/v1/heartbeat", Subject.Agent, null, "{}"),
        new("ReportRun", "POST", "/api/v1/runs", Subject.Agent, null, """{"status":"running"}"""),
        new("ReportRuns", "POST", "/api/v1/runs/batch", Subject.Agent, null, "[]"),
        new("ChangeRun", "PATCH", "/api/v1/runs/{run}", Subject.Agent, null, "{}"),
        new("AddRunEvents", "POST", "/api/v1/runs/{run}/events", Subject.Agent, null, """{"kind":"log"}"""),
        new("ListRuns", "GET", "/api/v1/runs", Subject.Narrowed, null),
        new("GetRun", "GET", "/api/v1/runs/{run}", Subject.Payments, null),
        new("ListRunEvents", "GET", "/api/v1/runs/{run}/events", Subject.Payments, null),
        new("GetStats", "GET", "/api/v1/stats", Subject.Narrowed, null),
        new("ListTeams", "GET", "/api/v1/teams", Subject.Narrowed, null),
        new(
            "CreateTeam",
            "POST",
            "/api/v1/teams",
            Subject.Organization,
            Permission.ManageOrganization,
            """{"slug":"{new}","name":"New"}"""
        ),
        new("GetTeam", "GET", "/api/v1/teams/payments", Subject.Payments, null),
        new("ChangeTeam", "PATCH", "/api/v1/teams/payments", Subject.Payments, Permission.ManageTeam, "{}"),
        new("ListMembers", "GET", "/api/v1/teams/payments/members", Subject.Payments, null),
        new(
            "SetMember",
            "PUT",
            "/api/v1/teams/payments/members/{nobody}",
            Subject.Payments,
            Permission.ManageTeam,
            """{"roles":["wizard"]}"""
        ),
        new("RemoveMember", "DELETE", "/api/v1/teams/payments/members/{nobody}", Subject.Payments, Permission.ManageTeam),
        new("ListTrail", "GET", "/api/v1/trail", Subject.Organization, Permission.ReadTrail),
        new("ExportTrail", "GET", "/api/v1/trail/export", Subject.Organization, Permission.ReadTrail),
        new("WhoAmI", "GET", "/api/v1/whoami", Subject.Self, null),
    ];
}
