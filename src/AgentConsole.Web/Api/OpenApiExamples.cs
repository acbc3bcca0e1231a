using System.Text.Json;
using System.Text.Json.Nodes;
using AgentConsole.Contracts;

namespace AgentConsole.Web.Api;

/// <summary>One example for each record of the contract that travels alone; all tell of the same agent. A test holds that none is missing.</summary>
internal static class OpenApiExamples
{
    private const string AgentId = "agt_01m2fz3k9ve4q8t7r5n2x6h0wc";
    private const string KeyId = "key_01m2fz3k9vf8b1d4s6j7y9p3ma";
    private const string RunId = "run_01m2fz4qxkd2g9v5w8c1t7r6ne";
    private const string RotationId = "rot_01m2fz5e7wd3n8k1t6v4q9x2hc";
    private const string TeamId = "team_01m2fyzzv4q7n3k9e5r8t1x2hb";
    private const string UserId = "usr_01m2fyzzv5c2m8d6g4w1s9j7qk";
    private const string PlanDigest = "5f0c2f6f9be1d2a37a54f7d6c8f0b3a1e4d59c7726b8a0f31c2d4e5f60718293";
    private static readonly DateTimeOffset At = new(2026, 11, 24, 9, 31, 4, TimeSpan.Zero);
    private static readonly SnapshotBody Snapshot = new()
    {
        Id = "dep_01m2fz6b8tk4n1c9q5w3r7h2xb",
        Agent = "mailroom-1",
        AgentId = AgentId,
        Team = "payments",
        Environment = "production",
        Version = "2.2.0-rc1",
        Status = "canary",
        Outcome = "current",
        Digest = PlanDigest,
        Content = JsonElement.Parse("""{"model":"small-4","traffic_percent":5}"""),
        Reason = "New tax rates",
        Trigger = "person",
        DeployedAt = At,
        DeployedBy = "ines@example.com",
    };
    private static readonly JsonElement Definition = JsonElement.Parse(
        """{"name":"Mailroom","model":{"name":"small-4","parameters":{"temperature":0.2}},"instructions":"Sort the mail.","tools":[{"name":"mail.send"},{"name":"tax.lookup"}],"secrets":["vault:payments/tax-service"]}"""
    );
    private static readonly SnapshotChange NewTool = new("tools.tax.lookup", "added", null, JsonElement.Parse("""{"name":"tax.lookup"}"""));

    private static DefinitionSummary DefinitionOf(int number) =>
        new()
        {
            AgentId = AgentId,
            Number = number,
            Digest = PlanDigest,
            Format = "json",
            Bytes = 214,
            Note = number == 4 ? "Looks up the new tax rates" : null,
            CreatedAt = At.AddDays(number - 4),
            CreatedBy = "ines@example.com",
        };

    private static readonly RolloutPlanBody CarefulPlan = new()
    {
        Steps =
        [
            new RolloutStepBody
            {
                Percent = 5,
                HoldMinutes = 30,
                MinimumRuns = 200,
                PlannedRuns = 600,
            },
            new RolloutStepBody
            {
                Percent = 25,
                HoldMinutes = 60,
                MinimumRuns = 500,
                PlannedRuns = 1500,
            },
        ],
        Metrics =
        [
            new RolloutMetricBody { Metric = "error-rate", Margin = 0.01m },
            new RolloutMetricBody
            {
                Metric = "duration-p95",
                Margin = 0.5m,
                Relative = true,
            },
        ],
        Looks = 3,
        FalseRollback = 0.05m,
        FalsePass = 0.05m,
        OnFail = "roll-back",
        ConsecutiveFails = 1,
        PatienceMinutes = 1440,
    };

    private static readonly RolloutBody Rollout = new()
    {
        Id = "rol_01m2fz6b8tk4n1c9q5w3r7h2xf",
        Agent = "mailroom-1",
        AgentId = "agt_01m2fz6b8tk4n1c9q5w3r7h2xf",
        Team = "payments",
        Environment = "production",
        State = "running",
        WaitsFor = "runs",
        Says = "Step 1 of 2: 214 of 600 canary runs, 12 min to hold.",
        StableVersion = "2.1.0",
        CanaryVersion = "2.2.0",
        StableSnapshot = "dep_01m2fz6b8tk4n1c9q5w3r7h2xf",
        CanarySnapshot = "dep_01m2fz6b8tk4n1c9q5w3r7h2xg",
        Plan = CarefulPlan,
        Template = "Careful",
        Step = 1,
        StepStartedAt = At,
        HoldUntil = At.AddMinutes(30),
        TargetPercent = 5,
        MeasuredPercent = 5.12,
        Canary = new RolloutArmBody(214, 9, 2, 0),
        Stable = new RolloutArmBody(3966, 161, 40, 3),
        Verdict = "inconclusive",
        Reason = "New tax rates",
        StartedAt = At,
        StartedBy = "otto@example.com",
        Revision = 4,
    };

    private static readonly FreezeWindow Weekend = new(
        "frz_01m2fz6b8tk4n1c9q5w3r7h2xf",
        "Weekend",
        "payments",
        "production",
        "team-admin",
        "Nobody is here to look after it",
        new DateTimeOffset(2026, 11, 27, 17, 0, 0, TimeSpan.Zero),
        new DateTimeOffset(2026, 11, 30, 7, 0, 0, TimeSpan.Zero)
    );
    private static readonly KeyBulkBody BulkRotation = new()
    {
        Id = "bulk_01m2fz6a0wb3k8q5t1x7n4r9ye",
        Action = "rotate",
        State = "working",
        Digest = PlanDigest,
        GraceSeconds = 86_400,
        RevokeImmediately = false,
        AutoExtend = false,
        TtlDays = 90,
        Sink = "payments-files",
        Reason = "Quarterly",
        Filter = new Dictionary<string, string>(StringComparer.Ordinal) { ["team"] = "payments", ["older"] = "90d" },
        Maker = "ines@example.com",
        CreatedAt = At,
        ExpiresAt = At.AddHours(1),
        StartedAt = At.AddMinutes(1),
        Rows = new KeyBulkCounts(124, 123, 0, 1, 0, 3, 120, 0, 0),
        Rotations = new Dictionary<string, int>(StringComparer.Ordinal) { ["issued"] = 3, ["observing"] = 120 },
        Waiting = 48,
    };
    private static readonly KeyBulkRowBody BulkRow = new()
    {
        Row = 1,
        KeyId = "key_01m2fz6a0wb3k8q5t1x7n4r9yf",
        KeyName = "first key",
        Agent = "mailroom-1",
        AgentId = AgentId,
        Team = "payments",
        Version = 1,
        ToVersion = 2,
        Callers = 3,
        Effect = "change",
        Taker = "sink",
        Outcome = "done",
        Rotation = "rot_01m2fz6a0wb3k8q5t1x7n4r9yg",
        RotationState = "observing",
        Waiting = 1,
        EndedAt = At.AddMinutes(1),
    };
    private static readonly IReadOnlyList<string> Operators = ["operator"];
    private static readonly IReadOnlyDictionary<string, IReadOnlyList<string>> Teams = new Dictionary<string, IReadOnlyList<string>>(
        StringComparer.Ordinal
    )
    {
        ["payments"] = Operators,
    };

    private static readonly AgentBody Agent = new()
    {
        Id = AgentId,
        Slug = "mailroom-1",
        DisplayName = "Mailroom",
        Description = "Sorts incoming invoices",
        Team = new TeamRef(TeamId, "payments", "Payments"),
        Owner = new OwnerRef(UserId, "ines@example.com", "Ines"),
        Environment = "production",
        Tags = ["invoices"],
        Metadata = JsonElement.Parse("""{"repository":"mailroom"}"""),
        Lifecycle = "active",
        Liveness = "live",
        Health = "ok",
        LivenessSince = At,
        LastSeenAt = At,
        LastRunId = RunId,
        LastRunAt = At,
        Version = "2.2.0",
        SeenVersion = "2.2.0",
        CaptureMode = "metadata",
        LeaseSeconds = 60,
        GraceSeconds = 120,
        CreatedAt = At,
        UpdatedAt = At,
        Revision = 3,
    };

    private static readonly KeyBody Key = new()
    {
        Id = KeyId,
        Agent = "mailroom-1",
        AgentId = AgentId,
        Name = "first",
        CreatedAt = At,
        Versions =
        [
            new KeyVersionBody
            {
                Id = "ver_01m2fz3k9vg5h2n8c4t6w1q9rd",
                Number = 1,
                State = "active",
                Prefix = "ak_live_7Qm2",
                Last4 = "x9Kd",
                CreatedAt = At,
                LastUsedAt = At,
                LastUsedAddress = "192.0.2.7",
                LastUsedUserAgent = "mailroom/2.2",
                LastUsedRoute = "/api/v1/runs",
            },
        ],
    };

    private static readonly RotationCaller Caller = new()
    {
        Id = "5f0c2f6f9be1d2a37a54f7d6c8f0b3a1",
        Instance = "mailroom-blue",
        UserAgent = "mailroom/2.2",
        Address = "192.0.2.7",
        State = "waiting",
        LastVersion = 1,
        OldFirstUsedAt = At.AddDays(-30),
        OldLastUsedAt = At,
        OldCalls = 48_211,
        NewCalls = 0,
        UsualGapSeconds = 3600,
        GoneAt = At.AddDays(1),
    };

    private static readonly RotationBody Rotation = new()
    {
        OldAccepted = true,
        Id = RotationId,
        State = "observing",
        Agent = "mailroom-1",
        AgentId = AgentId,
        Team = "payments",
        KeyId = KeyId,
        KeyName = "first",
        FromVersion = 1,
        ToVersion = 2,
        ApiKeyPrefix = "ak_live_4Tn9",
        ApiKeyLast4 = "x7Qa",
        Trigger = "person",
        Reason = "Yearly",
        GraceSeconds = 86_400,
        RevokeImmediately = false,
        AutoExtend = false,
        OldKeyExpiresAt = At.AddDays(1),
        ExpiresAt = At.AddDays(90),
        PlannedAt = At,
        CreatedBy = "ines@example.com",
        IssuedAt = At,
        IssuedBy = "ines@example.com",
        HeldBy = "ines@example.com",
        AcknowledgedAt = At.AddSeconds(40),
        Waiting = 1,
        CallersOverflowed = false,
        Callers = [Caller],
        Knocks = [new RotationKnock("198.51.100.4", 1, "key_disabled", 3, At)],
    };

    private static readonly CancelNotice Cancel = new(RunId, "job-7", "requested", At, "wrong tax year");

    private static readonly RunBody Run = new()
    {
        Id = RunId,
        ExternalId = "invoice-4711",
        Agent = "mailroom-1",
        AgentId = AgentId,
        Team = "payments",
        Status = "completed",
        StartedAt = At,
        EndedAt = At.AddSeconds(38),
        ReceivedAt = At.AddSeconds(38),
        DurationMs = 38_000,
        Version = "2.2.0",
        Model = "small-1",
        InputTokens = 1840,
        OutputTokens = 212,
        Cost = "0.0123",
        CostSource = "reported",
        Summary = "Sorted 12 invoices",
        CaptureMode = "metadata",
        EventCount = 14,
    };

    private static readonly EventBody Step = new()
    {
        Id = "evt_01m2fz4r2wq8d5k1n7c3v9t6hb",
        Run = RunId,
        ExternalId = "step-3",
        Kind = "tool-call",
        Name = "ledger.search",
        At = At,
        DurationMs = 420,
        Status = "ok",
    };

    private static readonly TeamBody Team = new(TeamId, "payments", "Payments", 4, 12, At, 1, null, "Europe/Berlin");

    private static readonly UserBody User = new()
    {
        Id = UserId,
        Email = "ines@example.com",
        DisplayName = "Ines",
        State = "active",
        Roles = [],
        Teams = Teams,
        TwoFactor = true,
        LastSignInAt = At,
        CreatedAt = At,
        Revision = 1,
    };

    private static readonly ServiceAccountBody Account = new("svc_01m2fyzzv6h4t8n2k7d1q5w9cr", "deployer", false, [], Teams, At, 1);

    private static readonly TokenBody Token = new()
    {
        Id = "tok_01m2fyzzv7n9c3w5t1k8d4q6hr",
        Name = "ci",
        Owner = "deployer",
        OwnerKind = "service-account",
        Scopes = ["agents:read", "agents:write"],
        Teams = ["payments"],
        Prefix = "act_4Fh1",
        Last4 = "9sQz",
        State = "active",
        CreatedAt = At,
        ExpiresAt = At.AddDays(90),
    };

    private static readonly TrailBody Record = new()
    {
        Id = "trl_01m2fz3k9w2d7n5c8t1q4h6vrb",
        Seq = 418,
        At = At,
        ActorKind = "user",
        ActorId = UserId,
        ActorLabel = "ines@example.com",
        AuthMethod = "session",
        Address = "192.0.2.7",
        Action = "agent.paused",
        TargetKind = "agent",
        TargetId = AgentId,
        TargetLabel = "mailroom-1",
        Team = "payments",
        Before = JsonElement.Parse("""{"lifecycle":"active"}"""),
        After = JsonElement.Parse("""{"lifecycle":"paused"}"""),
        Reason = "Posts invoices twice",
        CorrelationId = "0HN8F1Q2R3S4T:00000001",
        Outcome = "done",
        Erased = [],
        PrevHash = new string('a', 64),
        Hash = new string('b', 64),
    };

    private static readonly object PriceAsked = new
    {
        model = "small-1*",
        provider = "example",
        input_per_million = "0.15",
        output_per_million = "0.6",
        effective_from = "2026-03-01",
        source = "https://example.com/prices, read on 2 March 2026",
    };

    private static readonly DueKey DueExample = new()
    {
        KeyId = "key_01m2fz6b8tk4n1c9q5w3r7h2xg",
        KeyName = "first key",
        KeyVersion = 3,
        Agent = "mailroom-1",
        AgentId = "agt_01m2fz6b8tk4n1c9q5w3r7h2xj",
        Owner = "ines@example.com",
        Team = "payments",
        Environment = "production",
        CreatedAt = At,
        LastUsedAt = At,
        DueAt = At.AddDays(90),
        Reason = "cadence",
        DaysLeft = 12,
        State = "due-soon",
        Outlook = "automatic",
        BeginsAt = At.AddDays(83),
        Sink = "Payments vault",
        NoticeDays = 14,
        NoticeAt = At.AddDays(76),
        UpdatedAt = At,
    };

    private static readonly Dictionary<Type, object> Known = new()
    {
        [typeof(RegisterAgent)] = new
        {
            slug = "mailroom-1",
            display_name = "Mailroom",
            team = "payments",
            tags = new[] { "invoices" },
            key = true,
        },
        [typeof(ChangeAgent)] = new { version = "2.2.0", tags = new[] { "invoices", "eu" } },
        [typeof(AgentBody)] = Agent,
        [typeof(AgentFacetsBody)] = new AgentFacetsBody(
            12,
            1284,
            new Dictionary<string, FacetBody>(StringComparer.Ordinal)
            {
                ["health"] = new(
                    [
                        new FacetValueBody("failing", "failing", 12),
                        new FacetValueBody("degraded", "degraded", 7),
                        new FacetValueBody("ok", "ok", 1265),
                    ],
                    0
                ),
                ["team"] = new([new FacetValueBody("payments", "Payments", 9), new FacetValueBody("research", "Research", 3)], 0),
            }
        ),
        [typeof(SaveView)] = new
        {
            page = "fleet",
            name = "Failing in payments",
            query = "health=failing&team=payments",
            team = "payments",
            pinned = true,
        },
        [typeof(ChangeView)] = new { query = "health=failing,degraded&team=payments" },
        [typeof(MarkView)] = new { pinned = true, @default = true },
        [typeof(ViewBody)] = new ViewBody
        {
            Id = "view_01m2fz3k9vh2r7c5t8n4q6x1wd",
            Page = "fleet",
            Name = "Failing in payments",
            Of = "team",
            Team = new TeamRef(TeamId, "payments", "Payments"),
            Query = "health=failing&team=payments",
            Pinned = true,
            CreatedAt = At,
            CreatedBy = "ines@example.com",
            UpdatedAt = At,
            Revision = 1,
        },
        [typeof(BulkAgentsResult)] = new BulkAgentsResult(
            false,
            1,
            0,
            1,
            0,
            [
                new BulkAgentRow(2, "mailroom-1", "created", AgentId, "ak_live_…", null, null),
                new BulkAgentRow(3, "mailroom-2", "unchanged", null, null, null, null),
            ]
        ),
        [typeof(MakePlan)] = new
        {
            action = "pause",
            filter = new { team = "payments", health = "failing" },
            reason = "Posts invoices twice",
        },
        [typeof(ApplyPlan)] = new { digest = PlanDigest },
        [typeof(PlanBody)] = new PlanBody
        {
            Id = "bpl_01m2fz6a0wb3k8q5t1x7n4r9ye",
            Action = "pause",
            Reason = "Posts invoices twice",
            Filter = new Dictionary<string, string>(StringComparer.Ordinal) { ["team"] = "payments", ["health"] = "failing" },
            Digest = PlanDigest,
            State = "planned",
            Maker = "ines@example.com",
            CreatedAt = At,
            ExpiresAt = At.AddHours(1),
            Rows = new PlanCounts(3, 2, 1, 0, 2, 0, 0, 0, 0),
        },
        [typeof(PlanRowBody)] = new PlanRowBody
        {
            Row = 1,
            AgentId = AgentId,
            Agent = "mailroom-1",
            DisplayName = "Mailroom",
            Team = "payments",
            Effect = "change",
            Changes = new Dictionary<string, MemberChange>(StringComparer.Ordinal)
            {
                ["lifecycle"] = new(JsonElement.Parse("\"active\""), JsonElement.Parse("\"paused\"")),
            },
            Outcome = "pending",
        },
        [typeof(MakeKeyBulk)] = new
        {
            filter = new { team = "payments", older = "90d" },
            grace_seconds = 86400,
            ttl_days = 90,
            sink = "payments-files",
            reason = "Quarterly",
        },
        [typeof(ApplyKeyBulk)] = new { digest = PlanDigest },
        [typeof(ResumeKeyBulk)] = new { rows = "failed" },
        [typeof(KeyBulkBody)] = BulkRotation,
        [typeof(KeyBulkRowBody)] = BulkRow,
        [typeof(KeyBulkReport)] = new KeyBulkReport(BulkRotation, [BulkRow]),
        [typeof(KeyBulkCut)] = new KeyBulkCut(BulkRotation.Id, 120, 3, 0, []),
        [typeof(Heartbeat)] = new { version = "2.2.0" },
        [typeof(HeartbeatAnswer)] = new HeartbeatAnswer("mailroom-1", "live", 60, 120, At.AddSeconds(60)),
        [typeof(Reason)] = new { reason = "Posts invoices twice" },
        [typeof(MintKey)] = new
        {
            name = "blue",
            ttl_days = 90,
            reason = "Second instance",
        },
        [typeof(KeyAction)] = new { key_version = 1, reason = "Found in a log" },
        [typeof(SetKeyExpiry)] = new { expires_at = At.AddDays(30) },
        [typeof(KeyBody)] = Key,
        [typeof(ChangeKey)] = new { self_rotation = true, reason = "It keeps its key in its own vault" },
        [typeof(CreateRotation)] = new
        {
            grace_seconds = 86_400,
            ttl_days = 90,
            reason = "Yearly",
        },
        [typeof(RotateOwnKey)] = new { grace_seconds = 3600 },
        [typeof(IssueRotation)] = new { grace_seconds = 0, reason = "Found in a log" },
        [typeof(AcknowledgeRotation)] = new { last_four = "x7Qa" },
        [typeof(GraceOfRotation)] = new { grace_seconds = 604_800, reason = "The night batch has not run yet" },
        [typeof(DisableOld)] = new { days = 7 },
        [typeof(RotationBody)] = Rotation,
        [typeof(RotationCaller)] = Caller,
        [typeof(RotationMinutes)] = new RotationMinutes(RotationId, [new RotationMinute(At.AddSeconds(-4), 12, 31)]),
        [typeof(LeakedKey)] = new { key_version = 1, reason = "Found in a log" },
        [typeof(LeakBody)] = new LeakBody
        {
            KeyId = KeyId,
            Agent = "mailroom-1",
            DisabledVersions = [1],
            Rotation = Rotation with
            {
                State = "planned",
                Trigger = "leak",
                ToVersion = null,
                ApiKeyPrefix = null,
                ApiKeyLast4 = null,
                IssuedAt = null,
                AcknowledgedAt = null,
            },
            LastDay = new KeyDay(At.AddDays(-1), 4211, 412, ["192.0.2.7"], [Caller]),
        },
        [typeof(KeyUseBody)] = new KeyUseBody
        {
            KeyId = KeyId,
            KeyName = "first",
            Agent = "mailroom-1",
            Team = "payments",
            KeyVersion = 1,
            Accepted = true,
            CreatedAt = At.AddDays(-91),
            LastUsedAt = At.AddSeconds(-10),
            LastDay = new KeyDay(At.AddDays(-1), 4211, 412, ["192.0.2.7"], [Caller]),
        },
        [typeof(SearchResults)] = new SearchResults([
            new SearchResult("agent", AgentId, "Mailroom", "mailroom-1 · Payments", "/agents/mailroom-1"),
        ]),
        [typeof(KeyProof)] = new { key = "ak_live_…" },
        [typeof(KeyListRow)] = new KeyListRow
        {
            KeyId = KeyId,
            KeyVersion = 1,
            Name = "first",
            Agent = "mailroom-1",
            AgentId = AgentId,
            State = "active",
            Prefix = "ak_live_4Tn9",
            Last4 = "x7Qa",
            CreatedAt = At,
            FirstUsedAt = At,
            LastUsedAt = At,
            LastUsedAddress = "192.0.2.7",
            LastUsedUserAgent = "mailroom/2.2",
            LastUsedRoute = "/api/v1/runs",
        },
        [typeof(KeyVerdict)] = new KeyVerdict(true, "ok", AgentId, KeyId, 1, null),
        [typeof(LeakReceipt)] = new LeakReceipt(
            "received",
            "If this is a key of ours, it is disabled from now on and its owners have been told."
        ),
        [typeof(ReportRun)] = new
        {
            external_id = "invoice-4711",
            status = "completed",
            duration_ms = 38_000,
            version = "2.2.0",
            input_tokens = 1840,
            output_tokens = 212,
            cost = "0.0123",
            summary = "Sorted 12 invoices",
        },
        [typeof(RunBody)] = Run,
        [typeof(Core.Runs.RunAccepted)] = Run,
        [typeof(BatchResult)] = new BatchResult(
            1,
            0,
            1,
            [
                new BatchRow(0, RunId, "created", null),
                new BatchRow(
                    1,
                    null,
                    "failed",
                    new ProblemBody(
                        "urn:agentconsole:problem:run_finished",
                        "Conflict",
                        409,
                        "run_finished",
                        "This run is completed already; a terminal status is final.",
                        null,
                        ""
                    )
                ),
            ]
        ),
        [typeof(ReportEvent)] = new
        {
            kind = "tool-call",
            external_id = "step-3",
            name = "ledger.search",
            duration_ms = 420,
            status = "ok",
        },
        [typeof(EventBody)] = Step,
        [typeof(ExplainBody)] = new ExplainBody(
            RunId,
            "completed",
            10_000,
            [new ExplainedPart("model", 6_500, 0.65, 2, 4_000, "chat"), new ExplainedPart("gap", 3_500, 0.35, 1, 3_500, "chat")],
            [new ExplainedGap(6_500, 3_500, "chat", null)],
            false
        ),
        [typeof(CancelNotice)] = Cancel,
        [typeof(CancelNotices)] = new CancelNotices([Cancel]),
        [typeof(CancelBody)] = new CancelBody
        {
            Run = RunId,
            Agent = "mailroom-1",
            State = "acknowledged",
            RunStatus = "running",
            RequestedAt = At,
            RequestedBy = "ines@example.com",
            Reason = "wrong tax year",
            AcknowledgedAt = At.AddSeconds(2),
            ConfirmBy = At.AddSeconds(30),
            Children = [new CancelledRun("run_01m2fz4qxme5h7t2x9k3d8v6bc", "ledger-1", "requested", "running")],
            NotIncluded = [],
            NotAsked = [new OpenRun("run_01m2fz4qxme5h7t2x9k3d8v6bd", "ledger-2", "queued")],
        },
        [typeof(EventsAccepted)] = new EventsAccepted(RunId, 1, 0, [Step.Id]),
        [typeof(StatsBody)] = new StatsBody
        {
            Period = "24h",
            From = At.AddDays(-1),
            To = At,
            Runs = new Dictionary<string, long>(StringComparer.Ordinal)
            {
                ["total"] = 412,
                ["completed"] = 398,
                ["failed"] = 14,
            },
            Decisions = new Dictionary<string, long>(StringComparer.Ordinal) { ["allowed"] = 91, ["blocked"] = 2 },
            Tokens = new TokensBody(758_080, 87_344),
            Cost = "5.0676",
            ErrorRate = 0.034,
            BlockRate = 0.0215,
            P50DurationMs = 31_000,
            P95DurationMs = 84_000,
        },
        [typeof(SetInactivityPolicy)] = new
        {
            team = "payments",
            enabled = true,
            sign = "run",
            days = 30,
            grace_days = 7,
            action = "pause",
        },
        [typeof(InactivityPolicyBody)] = new InactivityPolicyBody
        {
            Id = "inp_01m2fz5c3xk8n4q1d6t9w2r7he",
            Team = "payments",
            Name = "Payments",
            Enabled = true,
            Sign = "run",
            Days = 30,
            GraceDays = 7,
            Action = "pause",
            Lifecycles = ["registered", "active"],
            Tags = [],
            MaxSharePercent = 20,
            GapHours = 4,
            HoldDays = 3,
            Warned = 2,
            CreatedAt = At,
            UpdatedAt = At,
            UpdatedBy = "ines@example.com",
            Revision = 1,
        },
        [typeof(InactivityDryRun)] = new InactivityDryRun(
            [
                new InactivityHit(
                    "mailroom-1",
                    AgentId,
                    "Mailroom",
                    "payments",
                    At.AddDays(-41),
                    null,
                    At.AddDays(7),
                    null,
                    ["It sends heartbeats, the last 24 Nov 09:30 UTC, but reports no runs."]
                ),
            ],
            false,
            null
        )
        {
            Fleet = 40,
            Hits = 1,
            Allowed = 8,
            NeedsConfirmation = false,
        },
        [typeof(ConfirmInactivity)] = new { reason = "They are all being replaced", agents = 12 },
        [typeof(ExemptFromInactivity)] = new { agent = "mailroom-1", reason = "Works at year's end only" },
        [typeof(InactivityExemptionBody)] = new InactivityExemptionBody(
            "exm_01m2fz5d7qk2n8c4t1w9r5h3xe",
            "mailroom-1",
            null,
            "Works at year's end only",
            null,
            At,
            "ines@example.com"
        ),
        [typeof(KeepAgent)] = new { days = 30 },
        [typeof(SetSnapshot)] = new
        {
            version = "2.2.0-rc1",
            status = "canary",
            traffic_percent = 5,
            model = "small-4",
            parameters = new { temperature = 0.2 },
            prompt_hash = "sha256:9c1f",
            tools = new[] { "mail.send", "tax.lookup" },
            commit = "4f2a9d1",
            secrets = new[] { "vault:payments/openai" },
            reason = "New tax rates",
        },
        [typeof(SnapshotBody)] = Snapshot,
        [typeof(DriftBody)] = new DriftBody
        {
            Agent = "mailroom-1",
            AgentId = AgentId,
            Team = "payments",
            Environment = "production",
            Verdict = "drifting",
            Reason = "2.0.3 is reported, 2.1.0 should run.",
            Since = At,
            Declared = [new RouteShareBody("2.1.0", "active", 100m, Snapshot.Id, Snapshot.Digest)],
            Hour =
            [
                new DriftShareBody
                {
                    Version = "2.1.0",
                    Status = "active",
                    Runs = 412,
                    Percent = 100,
                    Low = 97.44,
                    High = 100,
                    Target = 100m,
                },
                new DriftShareBody
                {
                    Version = "2.0.3",
                    Status = "undeclared",
                    Runs = 9,
                },
            ],
            Day = [],
            Instances = 8,
            LaggingInstances = 1,
            Lagging =
            [
                new LaggingInstance
                {
                    Instance = "pod-7",
                    UserAgent = "mailroom/2.0",
                    Address = "192.0.2.14",
                    Version = "2.0.3",
                    Since = At.AddDays(-3),
                    LastSeenAt = At,
                    Runs = 318,
                },
            ],
        },
        [typeof(DriftingAgent)] = new DriftingAgent
        {
            Agent = "mailroom-1",
            AgentId = AgentId,
            DisplayName = "Mailroom 1",
            Team = "payments",
            Kind = "version",
            Reason = "2.0.3 is reported, 2.1.0 should run.",
            Since = At,
        },
        [typeof(RoutesBody)] = new RoutesBody([
            new RouteBody
            {
                Agent = "mailroom-1",
                AgentId = AgentId,
                Team = "payments",
                Environment = "production",
                Paused = false,
                Gateways = [new RouteGatewayBody("gateway-prod-eu", true), new RouteGatewayBody("gateway-prod-us", false)],
                Split =
                [
                    new RouteShareBody("2.1.0", "active", 95m, "dep_01k6b0x2f4h8m0q3s5t7v9w1y2", new string('a', 64)),
                    new RouteShareBody("2.2.0-rc1", "canary", 5m, Snapshot.Id, Snapshot.Digest),
                ],
            },
        ]),
        [typeof(SnapshotDiff)] = new SnapshotDiff(
            Snapshot with
            {
                Id = "dep_01m2fz6b8tk4n1c9q5w3r7h2xa",
                Version = "2.1.0",
                Status = "active",
            },
            Snapshot,
            false,
            [new SnapshotChange("model", "changed", JsonElement.Parse("\"small-3\""), JsonElement.Parse("\"small-4\""))]
        ),
        [typeof(SaveDefinition)] = new
        {
            definition = Definition,
            note = "Looks up the new tax rates",
            based_on = 3,
        },
        [typeof(DefinitionSummary)] = DefinitionOf(4),
        [typeof(DefinitionBody)] = new DefinitionBody
        {
            AgentId = AgentId,
            Number = 4,
            Digest = PlanDigest,
            Format = "json",
            Bytes = 214,
            Note = "Looks up the new tax rates",
            CreatedAt = At,
            CreatedBy = "ines@example.com",
            Definition = Definition,
            Text = Definition.GetRawText(),
        },
        [typeof(DefinitionDiff)] = new DefinitionDiff(DefinitionOf(3), DefinitionOf(4), false, [NewTool], true),
        [typeof(DefinitionCheck)] = new DefinitionCheck(
            true,
            new Dictionary<string, string[]>(StringComparer.Ordinal),
            PlanDigest,
            3,
            false,
            [NewTool],
            true
        ),
        [typeof(StartRollout)] = new
        {
            snapshot = new
            {
                version = "2.2.0",
                model = "small-4",
                reason = "New tax rates",
            },
            template = "Careful",
        },
        [typeof(RolloutAct)] = new { reason = "The failures were a broken scanner" },
        [typeof(SetRolloutTemplate)] = new
        {
            team = "payments",
            name = "Careful",
            plan = CarefulPlan,
        },
        [typeof(RolloutTemplateBody)] = new RolloutTemplateBody
        {
            Id = "rpl_01m2fz6b8tk4n1c9q5w3r7h2xf",
            Team = "payments",
            Name = "Careful",
            Plan = CarefulPlan,
            CreatedAt = At,
            UpdatedAt = At,
            UpdatedBy = "olga@example.com",
            Revision = 1,
        },
        [typeof(RolloutBody)] = Rollout,
        [typeof(RolloutDecisions)] = new RolloutDecisions([
            new RolloutDecisionBody
            {
                Number = 1,
                Step = 1,
                At = At,
                Verdict = "inconclusive",
                Act = "none",
                Digest = "9b0c7a4e2d5f8816c3a97be0d14f6258a7c90b3de86f1427508c6d9e3fa1b274",
                Replays = true,
                Record = JsonElement.Parse("""{"format":1,"decision":{"verdict":"inconclusive","spent":0.111111}}"""),
            },
        ]),
        [typeof(DeploymentTimeline)] = new DeploymentTimeline(
            At.AddDays(-1),
            At.AddHours(2),
            [
                new TimelineLane
                {
                    Agent = "mailroom-1",
                    AgentId = AgentId,
                    AgentName = "Mailroom",
                    Team = "payments",
                    TeamName = "Payments",
                    Environment = "production",
                    Spans =
                    [
                        new TimelineSpan(
                            "dep_01m2fz6b8tk4n1c9q5w3r7h2xa",
                            "2.1.0",
                            "active",
                            "current",
                            null,
                            At.AddDays(-6),
                            null,
                            Picked: true
                        ),
                        new TimelineSpan(Snapshot.Id, "2.2.0-rc1", "canary", "current", 5, At, null, Picked: true),
                    ],
                    Marks =
                    [
                        new TimelineMark(
                            "canary",
                            At,
                            At,
                            1,
                            new Dictionary<string, int>(StringComparer.Ordinal) { ["canary"] = 1 },
                            Snapshot.Id,
                            "2.2.0-rc1",
                            5
                        ),
                    ],
                    Freezes = [new TimelineFreeze(Weekend.FreezeId!, Weekend.Name, 1, At.AddHours(1), At.AddHours(63))],
                },
            ],
            false,
            null
        ),
        [typeof(RollBack)] = new { reason = "It books invoices twice", preview = "9c1f5b0a7d3e42c68f1a0b9d7e6c5f43" },
        [typeof(RollbackPreview)] = new RollbackPreview
        {
            Agent = "mailroom-1",
            AgentId = AgentId,
            Environment = "production",
            From = Snapshot with { Version = "2.2.0", Status = "active" },
            To = Snapshot with { Id = "dep_01m2fz6b8tk4n1c9q5w3r7h2xa", Version = "2.1.0", Status = "active", Outcome = "superseded" },
            AlsoEnds = [],
            Preview = "9c1f5b0a7d3e42c68f1a0b9d7e6c5f43",
            Changes = [new SnapshotChange("model", "changed", JsonElement.Parse("\"small-4\""), JsonElement.Parse("\"small-3\""))],
            Gateways = [new RollbackGateway("gateway-prod-eu", "both", true, true, true, "up")],
            RunsInFlight = new RollbackRuns("2.2.0", 1, [RunId], 0),
            Secrets = [new RollbackSecret("vault:payments/openai", "exists", null)],
            Since = new RollbackFigures("2.2.0", At, At.AddHours(1), 366, 52, 0.142, "4.18"),
            Before = new RollbackFigures("2.1.0", At.AddHours(-1), At, 371, 2, 0.005, "3.90"),
            Freezes = [],
        },
        [typeof(RetirementReason)] = new { reason = "Replaced by mailroom-2" },
        [typeof(RetirementAct)] = new { mode = "drain" },
        [typeof(RetirementBody)] = new RetirementBody
        {
            Id = "ret_01m2fz6b8tk4n1c9q5w3r7h2xg",
            Agent = "mailroom-1",
            AgentId = AgentId,
            State = "open",
            Reason = "Replaced by mailroom-2",
            StartedAt = At,
            StartedBy = "ines@example.com",
            Steps =
            [
                new RetirementStepBody
                {
                    Step = "gateways",
                    State = "done",
                    Left = 0,
                    Items = [],
                    At = At.AddMinutes(1),
                    By = "ines@example.com",
                    Count = 2,
                },
                new RetirementStepBody
                {
                    Step = "runs",
                    State = "open",
                    Left = 1,
                    Items = [RunId],
                    Mode = "drain",
                    At = At.AddMinutes(2),
                    By = "ines@example.com",
                },
                new RetirementStepBody
                {
                    Step = "keys",
                    State = "open",
                    Left = 1,
                    Items = ["first key, version 1"],
                },
                new RetirementStepBody
                {
                    Step = "export",
                    State = "open",
                    Left = 0,
                    Items = [],
                },
            ],
            Ready = false,
        },
        [typeof(SetFreeze)] = new
        {
            name = "Weekend",
            team = "payments",
            environment = "production",
            cron = "0 18 * * FRI",
            duration_minutes = 3720,
            zone = "Europe/Berlin",
            override_role = "team-admin",
            reason = "Nobody is here to look after it",
        },
        [typeof(FreezeBody)] = new FreezeBody
        {
            Id = "frz_01m2fz6b8tk4n1c9q5w3r7h2xf",
            Name = "Weekend",
            Team = "payments",
            Environment = "production",
            Cron = "0 18 * * FRI",
            DurationMinutes = 3720,
            Zone = "Europe/Berlin",
            OverrideRole = "team-admin",
            Reason = "Nobody is here to look after it",
            Active = false,
            Next = Weekend,
            CreatedAt = At,
            CreatedBy = "olga@example.com",
            UpdatedAt = At,
            UpdatedBy = "olga@example.com",
            Revision = 1,
        },
        [typeof(FreezeWindows)] = new FreezeWindows(At, At.AddDays(30), [Weekend], true),
        [typeof(SetRotationPolicy)] = new
        {
            team = "payments",
            environment = "production",
            cadence_days = 90,
            max_lifetime_days = 120,
            sink = "Payments vault",
            automatic = true,
            lead_days = 7,
            grace_seconds = 86400,
        },
        [typeof(RotationPolicyBody)] = new RotationPolicyBody
        {
            Id = "rop_01m2fz6b8tk4n1c9q5w3r7h2xf",
            Level = "team-environment",
            Team = "payments",
            Environment = "production",
            CadenceDays = 90,
            MaxLifetimeDays = 120,
            Sink = "snk_01m2fz6b8tk4n1c9q5w3r7h2xe",
            SinkName = "Payments vault",
            Automatic = true,
            LeadDays = 7,
            GraceSeconds = 86400,
            CreatedAt = At,
            UpdatedAt = At,
            UpdatedBy = "ines@example.com",
            Revision = 1,
        },
        [typeof(EffectivePolicyBody)] = new EffectivePolicyBody
        {
            KeyId = "key_01m2fz6b8tk4n1c9q5w3r7h2xg",
            Agent = "mailroom-1",
            CadenceDays = new RuledNumber(90, "team-environment"),
            MaxLifetimeDays = new RuledNumber(120, "organization"),
            Sink = new RuledText("snk_01m2fz6b8tk4n1c9q5w3r7h2xe", "team-environment"),
            Automatic = new RuledFlag(true, "team-environment"),
            LeadDays = new RuledNumber(7, "default"),
            GraceSeconds = new RuledNumber(86400, "default"),
            AutoExtend = new RuledFlag(true, "default"),
            Due = DueExample,
        },
        [typeof(DueKey)] = DueExample,
        [typeof(MakeCalendarLink)] = new { name = "Outlook at work" },
        [typeof(CalendarLinkBody)] = new CalendarLinkBody
        {
            Id = "cal_01m2fz6b8tk4n1c9q5w3r7h2xh",
            Name = "Outlook at work",
            Url = "https://console.example/calendar/Jx0…qK3p.ics",
            Last4 = "qK3p",
            CreatedAt = At,
        },
        [typeof(SetSink)] = new
        {
            team = "payments",
            name = "Payments vault",
            kind = "vault",
            vault = new
            {
                address = "https://vault.example:8200",
                mount = "secret",
                path = "agents/{team}/{agent}",
            },
            credential = "hvs.CAESIJ…",
        },
        [typeof(SinkBody)] = new SinkBody
        {
            Id = "snk_01m2fz6b8tk4n1c9q5w3r7h2xe",
            Team = "payments",
            Name = "Payments vault",
            Kind = "vault",
            Target = "https://vault.example:8200/v1/secret/data/agents/{team}/{agent}",
            Vault = new VaultSinkSettings
            {
                Address = "https://vault.example:8200",
                Mount = "secret",
                Path = "agents/{team}/{agent}",
                Field = "agent_key",
            },
            CredentialSetAt = At,
            State = "ok",
            LastDeliveryAt = At,
            CreatedAt = At,
            UpdatedAt = At,
            UpdatedBy = "ines@example.com",
            Revision = 1,
        },
        [typeof(SinkTestResult)] = new SinkTestResult(true, "secret/agents/payments/agentconsole-probe-probe, version 3", null, null, At),
        [typeof(SetGateway)] = new
        {
            team = "payments",
            name = "gateway-prod-us-east",
            region = "us-east-1",
            environment = "production",
            url = "https://gateway.example/healthz",
            probe = true,
        },
        [typeof(GatewayBody)] = new GatewayBody
        {
            Id = "gw_01m2fz6b8tk4n1c9q5w3r7h2xe",
            Team = "payments",
            Name = "gateway-prod-us-east",
            Region = "us-east-1",
            Environment = "production",
            Url = "https://gateway.example/healthz",
            InRouting = true,
            RoutingSince = At,
            RoutingBy = "ines@example.com",
            Probe = true,
            Health = "up",
            HealthSince = At,
            ProbedAt = At,
            Agents = 3,
            Runs = 1840,
            Failures = 12,
            CreatedAt = At,
            UpdatedAt = At,
            UpdatedBy = "ines@example.com",
            Revision = 1,
        },
        [typeof(RouteGateway)] = new { reason = "It drops every tenth call" },
        [typeof(GatewayLinkBody)] = new GatewayLinkBody(
            "gw_01m2fz6b8tk4n1c9q5w3r7h2xe",
            "gateway-prod-us-east",
            "us-east-1",
            "production",
            true,
            "up",
            "agt_01m2fz6b8tk4n1c9q5w3r7h2xe",
            "mailroom-1",
            "Mailroom",
            "payments",
            At,
            "ines@example.com"
        ),
        [typeof(GatewayTrafficBody)] = new GatewayTrafficBody(
            At.AddDays(-1),
            At,
            [new GatewayAgentTraffic("agt_01m2fz6b8tk4n1c9q5w3r7h2xe", "mailroom-1", "payments", true, 1840, 12, "18.42")]
        ),
        [typeof(UnclaimedReport)] = new UnclaimedReport(
            true,
            "unclaimed",
            "sorter-9",
            false,
            "No agent sorter-9 is registered. Operators see that it reports; what it reported is not stored. Once somebody claims it, it reports with its own key."
        ),
        [typeof(ClaimAgent)] = new { team = "payments", key = true },
        [typeof(UnclaimedBody)] = new UnclaimedBody
        {
            Id = "unc_01m2fz4v7xk5n1q8d3t6w2r9hc",
            Name = "sorter-9",
            State = "open",
            TokenId = "tok_01m2fz3k9w6d2n8c4t1q7r5hxe",
            TokenName = "ci",
            TokenOwner = "ines@example.com",
            Teams = ["payments"],
            Address = "192.0.2.9",
            UserAgent = "sorter/0.1",
            FirstSeenAt = At,
            LastSeenAt = At.AddMinutes(8),
            Reports = 31,
            LastKind = "run",
            LastStatus = "completed",
            InputTokens = 18_400,
            OutputTokens = 960,
            Cost = "0.21",
        },
        [typeof(HandOverAgents)] = new
        {
            from = "kim@example.com",
            to = "ines@example.com",
            reason = "Kim left",
        },
        [typeof(HandOverResult)] = new HandOverResult(false, "kim@example.com", "ines@example.com", 4, 0, 0, ["mailroom-1"]),
        [typeof(CreateTeam)] = new { slug = "payments", name = "Payments" },
        [typeof(ChangeTeam)] = new { name = "Payments EU", time_zone = "Europe/Berlin" },
        [typeof(ChangeOrganization)] = new { time_zone = "Europe/Berlin" },
        [typeof(OrganizationBody)] = new OrganizationBody(
            "org_01m2fyzzv3k8d2n6c4t9w1q7hr",
            "example",
            "Example",
            "USD",
            "Europe/Berlin",
            At,
            2
        ),
        [typeof(TeamBody)] = Team,
        [typeof(SetMember)] = new { roles = Operators },
        [typeof(MemberBody)] = new MemberBody(UserId, "user", "ines@example.com", Operators),
        [typeof(InviteUser)] = new
        {
            email = "ines@example.com",
            display_name = "Ines",
            teams = Teams,
        },
        [typeof(UserBody)] = User,
        [typeof(PasskeyBody)] = new PasskeyBody
        {
            Id = "pky_01m2fyzzv9m3e7p5d2v8x6r4ks",
            Name = "Laptop",
            CreatedAt = At,
            LastUsedAt = At.AddHours(3),
            Synced = true,
        },
        [typeof(ChangeUser)] = new { roles = new[] { "auditor" } },
        [typeof(ChangeServiceAccount)] = new { name = "deployer-eu" },
        [typeof(SessionBody)] = new SessionBody(
            "ses_01m2fyzzv8k2d6n4c1t9w7q5hr",
            true,
            At,
            At.AddMinutes(40),
            At.AddHours(12),
            "192.0.2.7",
            "Mozilla/5.0"
        ),
        [typeof(CreateServiceAccount)] = new { name = "deployer", teams = Teams },
        [typeof(ServiceAccountBody)] = Account,
        [typeof(CreateToken)] = new
        {
            name = "ci",
            scopes = Token.Scopes,
            teams = Token.Teams,
            expires_at = Token.ExpiresAt,
        },
        [typeof(TokenBody)] = Token,
        [typeof(WhoAmI)] = new WhoAmI("user", UserId, "ines@example.com", "Example", null, [], Teams),
        [typeof(TrailBody)] = Record,
        [typeof(SampleDataBody)] = new SampleDataBody(9, 9, 3, 1, 1, true),
        [typeof(AddPrice)] = PriceAsked,
        [typeof(SupersedePrice)] = new { reason = "Output was read off the wrong column", replacement = PriceAsked },
        [typeof(PriceBody)] = new PriceBody
        {
            Id = "prc_01m2fyzzvak2d8n5c3t7w1q9hr",
            Model = "small-1*",
            Provider = "example",
            InputPerMillion = "0.15",
            OutputPerMillion = "0.6",
            EffectiveFrom = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero),
            Source = "https://example.com/prices, read on 2 March 2026",
            State = "active",
            CreatedAt = At,
            CreatedBy = "olga@example.com",
        },
        [typeof(SetRetention)] = new
        {
            run_days = 180,
            step_days = 90,
            content_days = 30,
        },
        [typeof(RetentionBody)] = new RetentionBody
        {
            RunDays = 180,
            StepDays = 90,
            ContentDays = 30,
            ChangedAt = At,
            ChangedBy = "olga@example.com",
            Revision = 2,
            Purges = [new PurgeBody("prg_01m2fyzzvbk5d2n8c6t3w9q1hr", "done", 2, At, At.AddSeconds(40), 1200, 9800, 4100, 0, 0)],
        },
        [typeof(RetentionPreview)] = new RetentionPreview(
            At,
            180,
            90,
            30,
            null,
            null,
            false,
            1200,
            720_000,
            [new RetentionRow("runs", "payments", 1200, At.AddDays(-240), At.AddDays(-180), 720_000)]
        ),
        [typeof(PlanRerating)] = new
        {
            from = "2026-11-01",
            to = "2026-11-23",
            model = "big-2",
        },
        [typeof(ApplyRerating)] = new { digest = new string('a', 64), reason = "The price of big-2 came late" },
        [typeof(RerateBody)] = new RerateBody
        {
            Id = "rra_01m2fyzzvck9d4n2c7t8w5q3hr",
            State = "planned",
            From = new DateTimeOffset(2026, 10, 31, 23, 0, 0, TimeSpan.Zero),
            To = new DateTimeOffset(2026, 11, 23, 23, 0, 0, TimeSpan.Zero),
            Model = "big-2",
            Digest = new string('a', 64),
            LookedAt = 3,
            Runs = 3,
            OldCost = "0",
            NewCost = "0.0136",
            Difference = "0.0136",
            ByModel = [new RerateGroup("big-2", "big-2", 3, "0", "0.0136", "0.0136")],
            ByAgent = [new RerateGroup(AgentId, "mailroom-1", 3, "0", "0.0136", "0.0136")],
            ByTeam = [new RerateGroup(TeamId, "payments", 3, "0", "0.0136", "0.0136")],
            PlannedAt = At,
            PlannedBy = "olga@example.com",
            ExpiresAt = At.AddHours(1),
        },
        [typeof(SpendBody)] = new SpendBody
        {
            By = "agent",
            Zone = "Europe/Berlin",
            Bucket = "day",
            From = new DateTimeOffset(2026, 11, 22, 23, 0, 0, TimeSpan.Zero),
            To = new DateTimeOffset(2026, 11, 24, 23, 0, 0, TimeSpan.Zero),
            Total = new SpendFigures("5.0676", 412, 3, 758_080, 87_344),
            Rows = [new SpendRow(AgentId, "Mailroom", "mailroom-1", "payments", new SpendFigures("5.0676", 412, 3, 758_080, 87_344))],
            Series =
            [
                new SpendBucket(new DateTimeOffset(2026, 11, 22, 23, 0, 0, TimeSpan.Zero), "2026-11-23", 1440, "2.9", 240, 0),
                new SpendBucket(new DateTimeOffset(2026, 11, 23, 23, 0, 0, TimeSpan.Zero), "2026-11-24", 1440, "2.1676", 172, 3),
            ],
            Unpriced = [new UnpricedModel("big-2", 3, 4200, 310, false)],
        },
        [typeof(PriceImportResult)] = new PriceImportResult(
            false,
            1,
            0,
            0,
            [new PriceImportRow(2, "small-1*", "created", "prc_01m2fyzzvak2d8n5c3t7w1q9hr", null)]
        ),
    };

    /// <summary>An example of this type, of a page or list of it, or null when there is none.</summary>
    public static JsonNode? For(Type? type)
    {
        if (type is null)
            return null;
        if (Known.TryGetValue(type, out var example))
            return JsonSerializer.SerializeToNode(example, ConsoleJson.Options);
        if (!type.IsGenericType && !type.IsArray)
            return null;
        var item = For(type.IsArray ? type.GetElementType() : type.GetGenericArguments()[0]);
        if (item is null)
            return null;
        return type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Page<>)
            ? new JsonObject
            {
                ["data"] = new JsonArray(item),
                ["has_more"] = false,
                ["next_cursor"] = null,
            }
            : new JsonArray(item);
    }
}
