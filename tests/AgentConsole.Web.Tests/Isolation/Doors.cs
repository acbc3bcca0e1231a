using AgentConsole.Core.People;

namespace AgentConsole.Web.Tests.Isolation;

/// <summary>What an endpoint is about, which decides who may not even know of it.</summary>
public enum Subject
{
    /// <summary>A thing of the team payments: strangers get 404.</summary>
    Payments,

    /// <summary>A list that is narrowed to what the caller sees: nobody gets more, nobody is refused.</summary>
    Narrowed,

    /// <summary>A file whose rows are judged one by one: refused as a whole only to whoever may edit in no team.</summary>
    Rows,

    /// <summary>One record of the trail, about a thing of payments.</summary>
    TrailRecord,

    /// <summary>The trail as a list: who may read some of it is not refused, and sees that.</summary>
    Trail,

    /// <summary>The organization as a whole.</summary>
    Organization,

    /// <summary>A thing of Acme as a whole: another organization gets 404.</summary>
    OfAcme,

    /// <summary>A part that a thing of Acme does not have: 404 for whoever may look for it, and for another organization.</summary>
    MissingOfAcme,

    /// <summary>The caller's own affairs.</summary>
    Self,

    /// <summary>Somebody's own thing that is nobody's in the cast: 404 for whoever comes so far.</summary>
    Nobodys,

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
            Subject.Rows,
            Permission.EditAgents,
            """[{"slug":"{new}","team":"payments"}]"""
        ),
        new(
            "SetSnapshot",
            "POST",
            "/api/v1/agents/{agent}/snapshots",
            Subject.Payments,
            Permission.EditAgents,
            """{"version":"2.1.0","status":"active"}"""
        ),
        new("ListDefinitions", "GET", "/api/v1/agents/{agent}/definitions", Subject.Payments, null),
        new("GetDefinition", "GET", "/api/v1/agents/{agent}/definitions/1", Subject.Payments, null),
        new("DiffDefinitions", "GET", "/api/v1/agents/{agent}/definitions/1/diff/latest", Subject.Payments, null),
        new(
            "SaveDefinition",
            "POST",
            "/api/v1/agents/{agent}/definitions",
            Subject.Payments,
            Permission.EditAgents,
            """{"definition":{"name":"Mailroom"}}"""
        ),
        new(
            "ValidateDefinition",
            "POST",
            "/api/v1/agents/{agent}/definitions/validate",
            Subject.Payments,
            Permission.EditAgents,
            """{"definition":{"name":"Mailroom"}}"""
        ),
        new("ListSnapshotsOfAgent", "GET", "/api/v1/agents/{agent}/snapshots", Subject.Payments, null),
        new("ListSnapshots", "GET", "/api/v1/snapshots", Subject.Narrowed, null),
        new("GetSnapshot", "GET", "/api/v1/snapshots/{snapshot}", Subject.Payments, null),
        new("DiffSnapshots", "GET", "/api/v1/snapshots/{snapshot}/diff/{snapshot}", Subject.Payments, null),
        new("ListFreezes", "GET", "/api/v1/freezes", Subject.Narrowed, null),
        new("CreateFreeze", "POST", "/api/v1/freezes", Subject.Payments, Permission.ManageTeam, """{"team":"payments"}"""),
        new("ListFreezeWindows", "GET", "/api/v1/freezes/windows", Subject.Narrowed, null),
        new("GetFreeze", "GET", "/api/v1/freezes/{freeze}", Subject.Payments, null),
        new("ChangeFreeze", "PATCH", "/api/v1/freezes/{freeze}", Subject.Payments, Permission.ManageTeam, "{}"),
        new("DeleteFreeze", "DELETE", "/api/v1/freezes/frz_00000000000000000000000000", Subject.Nobodys, null),
        new("ListDueKeys", "GET", "/api/v1/rotations/due", Subject.Narrowed, null),
        new("GetKeyRotationPolicy", "GET", "/api/v1/agents/{agent}/keys/{key}/rotation-policy", Subject.Payments, null),
        new("DismissKeyNotice", "POST", "/api/v1/agents/{agent}/keys/{key}/dismiss-notice", Subject.Payments, Permission.ManageKeys),
        new("ListRotationPolicies", "GET", "/api/v1/rotation-policies", Subject.Narrowed, null),
        new(
            "CreateRotationPolicy",
            "POST",
            "/api/v1/rotation-policies",
            Subject.Payments,
            Permission.ManageKeys,
            """{"team":"payments","cadence_days":-1}"""
        ),
        new("GetRotationPolicy", "GET", "/api/v1/rotation-policies/{policy}", Subject.Payments, null),
        new("ChangeRotationPolicy", "PUT", "/api/v1/rotation-policies/{policy}", Subject.Payments, Permission.ManageKeys, "{}"),
        new("DeleteRotationPolicy", "DELETE", "/api/v1/rotation-policies/rop_x", Subject.Nobodys, null),
        new("ListCalendarLinks", "GET", "/api/v1/calendar-links", Subject.Self, null),
        new("MakeCalendarLink", "POST", "/api/v1/calendar-links", Subject.Self, null, """{"name":"{new}"}"""),
        new("RevokeCalendarLink", "DELETE", "/api/v1/calendar-links/cal_x", Subject.Nobodys, null),
        new("ListSinks", "GET", "/api/v1/sinks", Subject.Narrowed, null),
        new("CreateSink", "POST", "/api/v1/sinks", Subject.Payments, Permission.ManageKeys, """{"team":"payments"}"""),
        new("GetSink", "GET", "/api/v1/sinks/{sink}", Subject.Payments, Permission.ManageKeys),
        new("ChangeSink", "PATCH", "/api/v1/sinks/{sink}", Subject.Payments, Permission.ManageKeys, "{}"),
        new("DeleteSink", "DELETE", "/api/v1/sinks/snk_00000000000000000000000000", Subject.Nobodys, null),
        new("TestSink", "POST", "/api/v1/sinks/{sink}/test", Subject.Payments, Permission.ManageKeys),
        new("ListGateways", "GET", "/api/v1/gateways", Subject.Narrowed, null),
        new("CreateGateway", "POST", "/api/v1/gateways", Subject.Payments, Permission.EditAgents, """{"team":"payments"}"""),
        new("GetGateway", "GET", "/api/v1/gateways/{gateway}", Subject.Payments, null),
        new("ChangeGateway", "PATCH", "/api/v1/gateways/{gateway}", Subject.Payments, Permission.EditAgents, "{}"),
        new("DeleteGateway", "DELETE", "/api/v1/gateways/gw_00000000000000000000000000", Subject.Nobodys, null),
        new("TakeGatewayOut", "POST", "/api/v1/gateways/{gateway}/take-out", Subject.Payments, Permission.EditAgents, "{}"),
        new("PutGatewayIn", "POST", "/api/v1/gateways/{gateway}/put-in", Subject.Payments, Permission.EditAgents, "{}"),
        new("ListGatewayAgents", "GET", "/api/v1/gateways/{gateway}/agents", Subject.Payments, null),
        new("GetGatewayTraffic", "GET", "/api/v1/gateways/{gateway}/traffic", Subject.Payments, null),
        new("ListAgentGateways", "GET", "/api/v1/agents/{agent}/gateways", Subject.Payments, null),
        new("LinkGateway", "PUT", "/api/v1/agents/{agent}/gateways/{gateway}", Subject.Payments, Permission.EditAgents),
        new("UnlinkGateway", "DELETE", "/api/v1/agents/{agent}/gateways/{gateway}", Subject.Payments, Permission.EditAgents),
        new("ListInactivityPolicies", "GET", "/api/v1/inactivity-policies", Subject.Narrowed, null),
        new(
            "CreateInactivityPolicy",
            "POST",
            "/api/v1/inactivity-policies",
            Subject.Payments,
            Permission.ManageTeam,
            """{"team":"payments","days":0}"""
        ),
        new(
            "TryInactivityPolicy",
            "POST",
            "/api/v1/inactivity-policies/dry-run",
            Subject.Payments,
            Permission.ManageTeam,
            """{"team":"payments"}"""
        ),
        new("GetInactivityPolicy", "GET", "/api/v1/inactivity-policies/inp_x", Subject.Nobodys, null),
        new("ChangeInactivityPolicy", "PATCH", "/api/v1/inactivity-policies/inp_x", Subject.Nobodys, null, "{}"),
        new("DeleteInactivityPolicy", "DELETE", "/api/v1/inactivity-policies/inp_x", Subject.Nobodys, null),
        new("DryRunInactivityPolicy", "GET", "/api/v1/inactivity-policies/inp_x/dry-run", Subject.Nobodys, null),
        new("ConfirmInactivityPolicy", "POST", "/api/v1/inactivity-policies/inp_x/confirm", Subject.Nobodys, null, "{}"),
        new("ListInactivityExemptions", "GET", "/api/v1/inactivity-policies/inp_x/exemptions", Subject.Nobodys, null),
        new("ExemptFromInactivity", "POST", "/api/v1/inactivity-policies/inp_x/exemptions", Subject.Nobodys, null, "{}"),
        new("EndInactivityExemption", "DELETE", "/api/v1/inactivity-policies/inp_x/exemptions/exm_x", Subject.Nobodys, null),
        new("KeepAgent", "POST", "/api/v1/agents/{agent}/keep", Subject.Payments, Permission.EditAgents, """{"days":0}"""),
        new("MakePlan", "POST", "/api/v1/agents/plans", Subject.Rows, Permission.EditAgents, """{"action":"pause","agents":["nobody"]}"""),
        new("GetPlan", "GET", "/api/v1/agents/plans/bpl_x", Subject.Nobodys, null),
        new("ListPlanRows", "GET", "/api/v1/agents/plans/bpl_x/rows", Subject.Nobodys, null),
        new("DiscardPlan", "DELETE", "/api/v1/agents/plans/bpl_x", Subject.Nobodys, null),
        new("ApplyPlan", "POST", "/api/v1/agents/plans/bpl_x/apply", Subject.Nobodys, null, "{}"),
        new("ResumePlan", "POST", "/api/v1/agents/plans/bpl_x/resume", Subject.Nobodys, null),
        new("UndoPlan", "POST", "/api/v1/agents/plans/bpl_x/undo", Subject.Nobodys, null),
        new("ListUnclaimed", "GET", "/api/v1/unclaimed", Subject.Narrowed, null),
        new("ClaimAgent", "POST", "/api/v1/unclaimed/unc_x/claim", Subject.Nobodys, null, "{}"),
        new("BlockUnclaimed", "POST", "/api/v1/unclaimed/unc_x/block", Subject.Nobodys, null, "{}"),
        new("UnblockUnclaimed", "POST", "/api/v1/unclaimed/unc_x/unblock", Subject.Nobodys, null, "{}"),
        new(
            "HandOverAgents",
            "POST",
            "/api/v1/agents/hand-over?dry_run=true",
            Subject.Rows,
            Permission.EditAgents,
            """{"from":"none","to":"ines@acme.example"}"""
        ),
        new("ListAgents", "GET", "/api/v1/agents", Subject.Narrowed, null),
        new("ExportFleetYaml", "GET", "/api/v1/agents/fleet.yaml", Subject.Narrowed, null),
        new("ExportFleetJson", "GET", "/api/v1/agents/fleet.json", Subject.Narrowed, null),
        new("CountAgents", "GET", "/api/v1/agents/facets", Subject.Narrowed, null),
        new("ExportAgents", "GET", "/api/v1/agents/export?format=json", Subject.Narrowed, null),
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
        new("ChangeKey", "PATCH", "/api/v1/agents/{agent}/keys/{key}", Subject.Payments, Permission.ManageKeys, "{}"),
        new(
            "CreateRotation",
            "POST",
            "/api/v1/agents/{agent}/rotations",
            Subject.Payments,
            Permission.ManageKeys,
            """{"grace_seconds":-1}"""
        ),
        new(
            "ReportKeyLeaked",
            "POST",
            "/api/v1/agents/{agent}/keys/{key}/leaked",
            Subject.Payments,
            Permission.ManageKeys,
            """{"key_version":99}"""
        ),
        new("GetKeyUse", "GET", "/api/v1/agents/{agent}/keys/{key}/use", Subject.Payments, null),
        new("RotateOwnKey", "POST", "/api/v1/rotations", Subject.Agent, null, "{}"),
        new("ListRotations", "GET", "/api/v1/rotations", Subject.Narrowed, null),
        new(
            "RotateKeys",
            "POST",
            "/api/v1/rotations/bulk?dry_run=true",
            Subject.Rows,
            Permission.ManageKeys,
            """{"keys":["key_nobody"]}"""
        ),
        new("ListBulkRotations", "GET", "/api/v1/rotations/bulk", Subject.Narrowed, null),
        new("GetBulkRotation", "GET", "/api/v1/rotations/bulk/bulk_x", Subject.Nobodys, null),
        new("ListBulkRotationRows", "GET", "/api/v1/rotations/bulk/bulk_x/rows", Subject.Nobodys, null),
        new("GetBulkRotationReport", "GET", "/api/v1/rotations/bulk/bulk_x/report", Subject.Nobodys, null),
        new("ApplyBulkRotation", "POST", "/api/v1/rotations/bulk/bulk_x/apply", Subject.Nobodys, null, "{}"),
        new("ResumeBulkRotation", "POST", "/api/v1/rotations/bulk/bulk_x/resume", Subject.Nobodys, null, "{}"),
        new("CancelBulkRotation", "POST", "/api/v1/rotations/bulk/bulk_x/cancel", Subject.Nobodys, null),
        new("DisableOldVersions", "POST", "/api/v1/rotations/bulk/bulk_x/disable-old", Subject.Nobodys, null, "{}"),
        new("CompleteRotations", "POST", "/api/v1/rotations/bulk/bulk_x/complete", Subject.Nobodys, null, "{}"),
        new(
            "ActOnKeys",
            "POST",
            "/api/v1/keys/bulk?dry_run=true",
            Subject.Rows,
            Permission.ManageKeys,
            """{"action":"disable","keys":["key_nobody"]}"""
        ),
        new("GetKeyAct", "GET", "/api/v1/keys/bulk/bulk_x", Subject.Nobodys, null),
        new("ListKeyActRows", "GET", "/api/v1/keys/bulk/bulk_x/rows", Subject.Nobodys, null),
        new("GetKeyActReport", "GET", "/api/v1/keys/bulk/bulk_x/report", Subject.Nobodys, null),
        new("ApplyKeyAct", "POST", "/api/v1/keys/bulk/bulk_x/apply", Subject.Nobodys, null, "{}"),
        new("ResumeKeyAct", "POST", "/api/v1/keys/bulk/bulk_x/resume", Subject.Nobodys, null, "{}"),
        new("CancelKeyAct", "POST", "/api/v1/keys/bulk/bulk_x/cancel", Subject.Nobodys, null),
        new("GetRotation", "GET", "/api/v1/rotations/{rotation}", Subject.Payments, null),
        new("ListRotationCallers", "GET", "/api/v1/rotations/{rotation}/callers", Subject.Payments, null),
        new("GetRotationMinutes", "GET", "/api/v1/rotations/{rotation}/minutes", Subject.Payments, null),
        new("IssueRotation", "POST", "/api/v1/rotations/{rotation}/issue", Subject.Payments, Permission.ManageKeys, "{}"),
        new("AcknowledgeRotation", "POST", "/api/v1/rotations/{rotation}/acknowledge", Subject.Payments, Permission.ManageKeys, "{}"),
        new("ExtendRotation", "POST", "/api/v1/rotations/{rotation}/extend", Subject.Payments, Permission.ManageKeys, "{}"),
        new("EndRotationGrace", "POST", "/api/v1/rotations/{rotation}/end-grace", Subject.Payments, Permission.ManageKeys, "{}"),
        new("OverrideRotation", "POST", "/api/v1/rotations/{rotation}/override", Subject.Payments, Permission.ManageKeys, "{}"),
        new("DisableOldVersion", "POST", "/api/v1/rotations/{rotation}/disable-old", Subject.Payments, Permission.ManageKeys, "{}"),
        new("EnableOldVersion", "POST", "/api/v1/rotations/{rotation}/enable-old", Subject.Payments, Permission.ManageKeys, "{}"),
        new("CompleteRotation", "POST", "/api/v1/rotations/{rotation}/complete", Subject.Payments, Permission.ManageKeys, "{}"),
        new("ReissueRotation", "POST", "/api/v1/rotations/{rotation}/reissue", Subject.Payments, Permission.ManageKeys, "{}"),
        new("AbortRotation", "POST", "/api/v1/rotations/{rotation}/abort", Subject.Payments, Permission.ManageKeys, "{}"),
        new("ListAllKeys", "GET", "/api/v1/keys", Subject.Narrowed, null),
        new("ExportKeys", "GET", "/api/v1/keys/export?format=json", Subject.Narrowed, null),
        new("VerifyKey", "POST", "/api/v1/keys/verify", Subject.Narrowed, null, """{"key":"ak_live_x"}"""),
        new("ReportLeak", "POST", "/api/v1/keys/report-leak", Subject.Anyone, null, """{"key":"ak_live_x"}"""),
        new("Heartbeat", "POST", "/api/v1/heartbeat", Subject.Agent, null, "{}"),
        new("ReportRun", "POST", "/api/v1/runs", Subject.Agent, null, """{"status":"running"}"""),
        new("ReportRuns", "POST", "/api/v1/runs/batch", Subject.Agent, null, "[]"),
        new("ChangeRun", "PATCH", "/api/v1/runs/{run}", Subject.Agent, null, "{}"),
        new("AddRunEvents", "POST", "/api/v1/runs/{run}/events", Subject.Agent, null, """{"kind":"log"}"""),
        new("ListRuns", "GET", "/api/v1/runs", Subject.Narrowed, null),
        new("ExportRuns", "GET", "/api/v1/runs/export?format=json", Subject.Narrowed, null),
        new("GetRun", "GET", "/api/v1/runs/{run}", Subject.Payments, null),
        new("ListRunEvents", "GET", "/api/v1/runs/{run}/events", Subject.Payments, null),
        new("ExplainRun", "GET", "/api/v1/runs/{run}/explain", Subject.Payments, null),
        new("CancelRun", "POST", "/api/v1/runs/{run}/cancel", Subject.Payments, Permission.EditAgents, "{}"),
        new("GetRunCancel", "GET", "/api/v1/runs/{run}/cancel", Subject.Payments, null),
        new("AcknowledgeRunCancel", "POST", "/api/v1/runs/{run}/cancel/acknowledge", Subject.Agent, null),
        new("WaitForCancellations", "GET", "/api/v1/runs/cancellations?wait=0", Subject.Agent, null),
        new("Listen", "GET", "/api/v1/live?topic=agent:{agent}&for=0", Subject.Payments, null),
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
        new("GetOrganization", "GET", "/api/v1/organization", Subject.Narrowed, null),
        new("ChangeOrganization", "PATCH", "/api/v1/organization", Subject.Organization, Permission.ManageOrganization, "{}"),
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
        new("ListUsers", "GET", "/api/v1/users", Subject.Organization, Permission.ManageOrganization),
        new("InviteUser", "POST", "/api/v1/users", Subject.Organization, Permission.ManageOrganization, """{"email":"nonsense"}"""),
        new("GetUser", "GET", "/api/v1/users/{user}", Subject.OfAcme, Permission.ManageOrganization),
        new("ChangeUser", "PATCH", "/api/v1/users/{user}", Subject.OfAcme, Permission.ManageOrganization, "{}"),
        new("InviteUserAgain", "POST", "/api/v1/users/{user}/invite", Subject.OfAcme, Permission.ManageOrganization),
        new("ResetUser", "POST", "/api/v1/users/{user}/reset", Subject.OfAcme, Permission.ManageOrganization),
        new("DisableUser", "POST", "/api/v1/users/{user}/disable", Subject.OfAcme, Permission.ManageOrganization),
        new("EnableUser", "POST", "/api/v1/users/{user}/enable", Subject.OfAcme, Permission.ManageOrganization),
        new("RemoveTwoFactor", "DELETE", "/api/v1/users/{user}/two-factor", Subject.OfAcme, Permission.ManageOrganization),
        new("ListPasskeys", "GET", "/api/v1/users/{user}/passkeys", Subject.OfAcme, Permission.ManageOrganization),
        new("RemovePasskey", "DELETE", "/api/v1/users/{user}/passkeys/pky_0", Subject.MissingOfAcme, Permission.ManageOrganization),
        new("ListServiceAccounts", "GET", "/api/v1/service-accounts", Subject.Organization, Permission.ManageOrganization),
        new("CreateServiceAccount", "POST", "/api/v1/service-accounts", Subject.Organization, Permission.ManageOrganization, "{}"),
        new("GetServiceAccount", "GET", "/api/v1/service-accounts/{account}", Subject.OfAcme, Permission.ManageOrganization),
        new("ChangeServiceAccount", "PATCH", "/api/v1/service-accounts/{account}", Subject.OfAcme, Permission.ManageOrganization, "{}"),
        new("DisableServiceAccount", "POST", "/api/v1/service-accounts/{account}/disable", Subject.OfAcme, Permission.ManageOrganization),
        new("EnableServiceAccount", "POST", "/api/v1/service-accounts/{account}/enable", Subject.OfAcme, Permission.ManageOrganization),
        new("ListTokens", "GET", "/api/v1/tokens", Subject.Self, null),
        new("CreateToken", "POST", "/api/v1/tokens", Subject.Self, null, "{}"),
        new("GetToken", "GET", "/api/v1/tokens/tok_x", Subject.Nobodys, null),
        new("RevokeToken", "DELETE", "/api/v1/tokens/tok_x", Subject.Nobodys, null),
        new("ListSessions", "GET", "/api/v1/sessions", Subject.Self, null),
        new("RevokeSession", "DELETE", "/api/v1/sessions/ses_x", Subject.Nobodys, null),
        new("ListViews", "GET", "/api/v1/views", Subject.Narrowed, null),
        new("CreateView", "POST", "/api/v1/views", Subject.Self, null, """{"page":"fleet","name":"{new}"}"""),
        new("GetView", "GET", "/api/v1/views/{view}", Subject.Payments, null),
        new("ChangeView", "PATCH", "/api/v1/views/{view}", Subject.Payments, Permission.EditAgents, "{}"),
        new("DeleteView", "DELETE", "/api/v1/views/view_00000000000000000000000000", Subject.Nobodys, null),
        new("MarkView", "POST", "/api/v1/views/{view}/mark", Subject.Payments, null, "{}"),
        new("ListTrail", "GET", "/api/v1/trail", Subject.Trail, Permission.ReadTrail),
        new("ExportTrail", "GET", "/api/v1/trail/export", Subject.Trail, Permission.ReadTrail),
        new("GetTrailRecord", "GET", "/api/v1/trail/{trail}", Subject.TrailRecord, Permission.ReadTrail),
        new("GetSampleData", "GET", "/api/v1/sample-data", Subject.Organization, Permission.ManageOrganization),
        new("RemoveSampleData", "DELETE", "/api/v1/sample-data", Subject.Organization, Permission.ManageOrganization),
        new("Search", "GET", "/api/v1/search?q=mail", Subject.Narrowed, null),
        new("ListPrices", "GET", "/api/v1/prices", Subject.Narrowed, null),
        new("AddPrice", "POST", "/api/v1/prices", Subject.Organization, Permission.ManageOrganization, "{}"),
        new("ImportPrices", "POST", "/api/v1/prices/import?dry_run=true", Subject.Organization, Permission.ManageOrganization, "[]"),
        new("GetPrice", "GET", "/api/v1/prices/prc_x", Subject.Nobodys, null),
        new("SupersedePrice", "POST", "/api/v1/prices/prc_x/supersede", Subject.Nobodys, null, "{}"),
        new("GetSpend", "GET", "/api/v1/spend", Subject.Narrowed, null),
        new("ExportSpend", "GET", "/api/v1/spend/export", Subject.Narrowed, null),
        new("GetRetention", "GET", "/api/v1/retention", Subject.Organization, Permission.ManageOrganization),
        new("SetRetention", "PUT", "/api/v1/retention", Subject.Organization, Permission.ManageOrganization, "{}"),
        new("PreviewRetention", "GET", "/api/v1/retention/preview", Subject.Organization, Permission.ManageOrganization),
        new("ListReratings", "GET", "/api/v1/reratings", Subject.Organization, Permission.ManageOrganization),
        new("PlanRerating", "POST", "/api/v1/reratings", Subject.Organization, Permission.ManageOrganization, "{}"),
        new("GetRerating", "GET", "/api/v1/reratings/rra_x", Subject.Nobodys, null),
        new("ApplyRerating", "POST", "/api/v1/reratings/rra_x/apply", Subject.Nobodys, null, "{}"),
        new("WhoAmI", "GET", "/api/v1/whoami", Subject.Self, null),
        // Last: it ends the sessions that the rows above use.
        new("RevokeOtherSessions", "DELETE", "/api/v1/sessions", Subject.Self, null),
    ];
}
