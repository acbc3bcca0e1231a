using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace AgentConsole.Data.Sqlite.Migrations
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "api_tokens",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    owner_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    owner_kind = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    scopes = table.Column<string>(type: "TEXT", maxLength: 1000, nullable: false),
                    team_ids = table.Column<string>(type: "TEXT", nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    pepper_id = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    prefix = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    last4 = table.Column<string>(type: "TEXT", maxLength: 4, nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: true),
                    revoked_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_used_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_used_address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    last_used_user_agent = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_api_tokens", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "arm_entries",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    rollout_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    run_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    is_canary = table.Column<bool>(type: "INTEGER", nullable: false),
                    sign = table.Column<int>(type: "INTEGER", nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: false),
                    failed = table.Column<bool>(type: "INTEGER", nullable: false),
                    tool_failed = table.Column<bool>(type: "INTEGER", nullable: false),
                    blocked = table.Column<bool>(type: "INTEGER", nullable: false),
                    duration_ms = table.Column<long>(type: "INTEGER", nullable: true),
                    cost_micros = table.Column<long>(type: "INTEGER", nullable: true),
                    fields = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_arm_entries", x => new { x.organization_id, x.rollout_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "break_glass_accounts",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    code_hash = table.Column<byte[]>(type: "BLOB", nullable: true),
                    sealed_at = table.Column<long>(type: "INTEGER", nullable: false),
                    sealed_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    tested_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_break_glass_accounts", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "break_glass_uses",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    account_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    session_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    used_at = table.Column<long>(type: "INTEGER", nullable: false),
                    ends_at = table.Column<long>(type: "INTEGER", nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    user_agent = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    reviewed_at = table.Column<long>(type: "INTEGER", nullable: true),
                    reviewed_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    review = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_break_glass_uses", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "console_gaps",
                columns: table => new
                {
                    from = table.Column<long>(type: "INTEGER", nullable: false),
                    to = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_console_gaps", x => x.from);
                });

            migrationBuilder.CreateTable(
                name: "data_protection_keys",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    friendly_name = table.Column<string>(type: "TEXT", nullable: false),
                    xml = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_data_protection_keys", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "inactivity_policies",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    sign = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    days = table.Column<int>(type: "INTEGER", nullable: false),
                    grace_days = table.Column<int>(type: "INTEGER", nullable: false),
                    action = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    lifecycles = table.Column<string>(type: "TEXT", nullable: false),
                    environment = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    tags = table.Column<string>(type: "TEXT", nullable: false),
                    max_share_percent = table.Column<int>(type: "INTEGER", nullable: false),
                    gap_hours = table.Column<int>(type: "INTEGER", nullable: false),
                    hold_days = table.Column<int>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_inactivity_policies", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "key_callers",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    key_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    caller = table.Column<byte[]>(type: "BLOB", maxLength: 16, nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false),
                    instance = table.Column<string>(type: "TEXT", maxLength: 120, nullable: true),
                    user_agent = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    first_used_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_used_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_visit_at = table.Column<long>(type: "INTEGER", nullable: false),
                    calls = table.Column<long>(type: "INTEGER", nullable: false),
                    visits = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_key_callers", x => new { x.organization_id, x.key_id, x.caller, x.version });
                });

            migrationBuilder.CreateTable(
                name: "key_minutes",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    key_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    minute = table.Column<long>(type: "INTEGER", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false),
                    calls = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_key_minutes", x => new { x.organization_id, x.key_id, x.minute, x.version });
                });

            migrationBuilder.CreateTable(
                name: "key_refusals",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    key_version_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    code = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    minute = table.Column<long>(type: "INTEGER", nullable: false),
                    last_at = table.Column<long>(type: "INTEGER", nullable: false),
                    count = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_key_refusals", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "live_outbox",
                columns: table => new
                {
                    position = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    transaction_id = table.Column<long>(type: "INTEGER", nullable: false),
                    node = table.Column<byte[]>(type: "BLOB", nullable: false),
                    noun = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    subject_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    others = table.Column<byte[]>(type: "BLOB", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_live_outbox", x => x.position);
                });

            migrationBuilder.CreateTable(
                name: "liveness_changes",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    from = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    to = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_liveness_changes", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "one_time_links",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    purpose = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    user_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false),
                    used_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_one_time_links", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "organizations",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    slug = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    currency = table.Column<string>(type: "TEXT", maxLength: 3, nullable: false),
                    time_zone = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    suspended = table.Column<bool>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_organizations", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "page_habits",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    user_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    page = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    columns = table.Column<string>(type: "TEXT", maxLength: 400, nullable: true),
                    density = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_page_habits", x => new { x.organization_id, x.user_id, x.page });
                });

            migrationBuilder.CreateTable(
                name: "rollup_bases",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    version = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    gateway = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    model = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    bucket = table.Column<long>(type: "INTEGER", nullable: false),
                    bucket_seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    completed = table.Column<long>(type: "INTEGER", nullable: false),
                    failed = table.Column<long>(type: "INTEGER", nullable: false),
                    cancelled = table.Column<long>(type: "INTEGER", nullable: false),
                    timed_out = table.Column<long>(type: "INTEGER", nullable: false),
                    skipped = table.Column<long>(type: "INTEGER", nullable: false),
                    lost = table.Column<long>(type: "INTEGER", nullable: false),
                    allowed = table.Column<long>(type: "INTEGER", nullable: false),
                    blocked = table.Column<long>(type: "INTEGER", nullable: false),
                    redacted = table.Column<long>(type: "INTEGER", nullable: false),
                    escalated = table.Column<long>(type: "INTEGER", nullable: false),
                    input_tokens = table.Column<long>(type: "INTEGER", nullable: false),
                    output_tokens = table.Column<long>(type: "INTEGER", nullable: false),
                    cost_micros = table.Column<long>(type: "INTEGER", nullable: false),
                    unpriced = table.Column<long>(type: "INTEGER", nullable: false),
                    unpriced_input_tokens = table.Column<long>(type: "INTEGER", nullable: false),
                    unpriced_output_tokens = table.Column<long>(type: "INTEGER", nullable: false),
                    durations = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_rollup_bases", x => new { x.organization_id, x.agent_id, x.bucket, x.bucket_seconds, x.team_id, x.version, x.gateway, x.model });
                });

            migrationBuilder.CreateTable(
                name: "run_cancels",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    run_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    root_run_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    requested_at = table.Column<long>(type: "INTEGER", nullable: false),
                    requested_by_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    requested_by = table.Column<string>(type: "TEXT", maxLength: 320, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    acknowledged_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_run_cancels", x => new { x.organization_id, x.run_id });
                });

            migrationBuilder.CreateTable(
                name: "run_events",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    run_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    external_id = table.Column<string>(type: "TEXT", maxLength: 200, nullable: true),
                    parent = table.Column<string>(type: "TEXT", maxLength: 200, nullable: true),
                    name = table.Column<string>(type: "TEXT", maxLength: 200, nullable: true),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    received_at = table.Column<long>(type: "INTEGER", nullable: false),
                    duration_ms = table.Column<long>(type: "INTEGER", nullable: true),
                    decision = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    status = table.Column<string>(type: "TEXT", maxLength: 8, nullable: true),
                    role = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    model = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    input_tokens = table.Column<long>(type: "INTEGER", nullable: true),
                    output_tokens = table.Column<long>(type: "INTEGER", nullable: true),
                    cost_micros = table.Column<long>(type: "INTEGER", nullable: true),
                    error = table.Column<string>(type: "TEXT", maxLength: 4000, nullable: true),
                    payload = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_run_events", x => new { x.organization_id, x.run_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "run_rollups",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    version = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    gateway = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    model = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    bucket = table.Column<long>(type: "INTEGER", nullable: false),
                    bucket_seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    completed = table.Column<long>(type: "INTEGER", nullable: false),
                    failed = table.Column<long>(type: "INTEGER", nullable: false),
                    cancelled = table.Column<long>(type: "INTEGER", nullable: false),
                    timed_out = table.Column<long>(type: "INTEGER", nullable: false),
                    skipped = table.Column<long>(type: "INTEGER", nullable: false),
                    lost = table.Column<long>(type: "INTEGER", nullable: false),
                    allowed = table.Column<long>(type: "INTEGER", nullable: false),
                    blocked = table.Column<long>(type: "INTEGER", nullable: false),
                    redacted = table.Column<long>(type: "INTEGER", nullable: false),
                    escalated = table.Column<long>(type: "INTEGER", nullable: false),
                    input_tokens = table.Column<long>(type: "INTEGER", nullable: false),
                    output_tokens = table.Column<long>(type: "INTEGER", nullable: false),
                    cost_micros = table.Column<long>(type: "INTEGER", nullable: false),
                    unpriced = table.Column<long>(type: "INTEGER", nullable: false),
                    unpriced_input_tokens = table.Column<long>(type: "INTEGER", nullable: false),
                    unpriced_output_tokens = table.Column<long>(type: "INTEGER", nullable: false),
                    durations = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_run_rollups", x => new { x.organization_id, x.agent_id, x.bucket, x.bucket_seconds, x.team_id, x.version, x.gateway, x.model });
                });

            migrationBuilder.CreateTable(
                name: "runs",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    external_id = table.Column<string>(type: "TEXT", maxLength: 200, nullable: true),
                    status = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: true),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: true),
                    received_at = table.Column<long>(type: "INTEGER", nullable: false),
                    finished_at = table.Column<long>(type: "INTEGER", nullable: true),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    duration_ms = table.Column<long>(type: "INTEGER", nullable: true),
                    version = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    gateway = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    model = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    input_tokens = table.Column<long>(type: "INTEGER", nullable: true),
                    output_tokens = table.Column<long>(type: "INTEGER", nullable: true),
                    cost_micros = table.Column<long>(type: "INTEGER", nullable: true),
                    cost_source = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    overruled_micros = table.Column<long>(type: "INTEGER", nullable: true),
                    summary = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    error = table.Column<string>(type: "TEXT", maxLength: 4000, nullable: true),
                    error_code = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    parent_run_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    key_version_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    metadata = table.Column<string>(type: "TEXT", nullable: true),
                    capture_mode = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    clock_skewed = table.Column<bool>(type: "INTEGER", nullable: false),
                    lease_deadline = table.Column<long>(type: "INTEGER", nullable: true),
                    event_count = table.Column<int>(type: "INTEGER", nullable: false),
                    tool_failures = table.Column<long>(type: "INTEGER", nullable: false),
                    blocked = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_runs", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "schedule_passes",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    after = table.Column<byte[]>(type: "BLOB", nullable: false),
                    again = table.Column<bool>(type: "INTEGER", nullable: false),
                    not_before = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_schedule_passes", x => x.organization_id);
                });

            migrationBuilder.CreateTable(
                name: "service_accounts",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    roles = table.Column<int>(type: "INTEGER", nullable: false),
                    disabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_service_accounts", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "sightings",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    token_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    blocked_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    blocked_at = table.Column<long>(type: "INTEGER", nullable: true),
                    first_seen_at = table.Column<long>(type: "INTEGER", nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false),
                    last_seen_at = table.Column<long>(type: "INTEGER", nullable: false),
                    count = table.Column<long>(type: "INTEGER", nullable: false),
                    address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    user_agent = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    last_kind = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    last_status = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    input_tokens = table.Column<long>(type: "INTEGER", nullable: false),
                    output_tokens = table.Column<long>(type: "INTEGER", nullable: false),
                    cost_micros = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_sightings", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "spent_tickets",
                columns: table => new
                {
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_spent_tickets", x => x.hash);
                });

            migrationBuilder.CreateTable(
                name: "store_facts",
                columns: table => new
                {
                    name = table.Column<string>(type: "TEXT", maxLength: 80, nullable: false),
                    value = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_store_facts", x => x.name);
                });

            migrationBuilder.CreateTable(
                name: "stored_retries",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    scope = table.Column<byte[]>(type: "BLOB", nullable: false),
                    body_hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    status = table.Column<int>(type: "INTEGER", nullable: false),
                    location = table.Column<string>(type: "TEXT", nullable: true),
                    e_tag = table.Column<string>(type: "TEXT", nullable: true),
                    body = table.Column<byte[]>(type: "BLOB", nullable: false),
                    @sealed = table.Column<bool>(name: "sealed", type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_stored_retries", x => new { x.organization_id, x.scope });
                });

            migrationBuilder.CreateTable(
                name: "trail_heads",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    seq = table.Column<long>(type: "INTEGER", nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_trail_heads", x => x.organization_id);
                });

            migrationBuilder.CreateTable(
                name: "trail_records",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    seq = table.Column<long>(type: "INTEGER", nullable: false),
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    format = table.Column<int>(type: "INTEGER", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    actor_kind = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    actor_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    actor_label = table.Column<string>(type: "TEXT", nullable: true),
                    auth_method = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    credential_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    address = table.Column<string>(type: "TEXT", nullable: true),
                    action = table.Column<string>(type: "TEXT", maxLength: 80, nullable: false),
                    target_kind = table.Column<string>(type: "TEXT", maxLength: 40, nullable: true),
                    target_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    target_label = table.Column<string>(type: "TEXT", nullable: true),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    before = table.Column<string>(type: "TEXT", nullable: true),
                    after = table.Column<string>(type: "TEXT", nullable: true),
                    reason = table.Column<string>(type: "TEXT", nullable: true),
                    correlation_id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    outcome = table.Column<string>(type: "TEXT", maxLength: 10, nullable: false),
                    salt = table.Column<byte[]>(type: "BLOB", nullable: false),
                    erased = table.Column<int>(type: "INTEGER", nullable: false),
                    commitments = table.Column<byte[]>(type: "BLOB", nullable: false),
                    prev_hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_trail_records", x => new { x.organization_id, x.seq });
                });

            migrationBuilder.CreateTable(
                name: "user_sessions",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    user_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_seen_at = table.Column<long>(type: "INTEGER", nullable: false),
                    address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    user_agent = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    revoked_at = table.Column<long>(type: "INTEGER", nullable: true),
                    authenticated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    break_glass = table.Column<bool>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_sessions", x => new { x.organization_id, x.id });
                });

            migrationBuilder.CreateTable(
                name: "inactivity_brakes",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    policy_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    agents = table.Column<int>(type: "INTEGER", nullable: false),
                    fleet = table.Column<int>(type: "INTEGER", nullable: false),
                    confirmed_at = table.Column<long>(type: "INTEGER", nullable: true),
                    confirmed_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    confirmed_agents = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_inactivity_brakes", x => new { x.organization_id, x.policy_id });
                    table.ForeignKey(
                        name: "FK_inactivity_brakes_inactivity_policies_organization_id_policy_id",
                        columns: x => new { x.organization_id, x.policy_id },
                        principalTable: "inactivity_policies",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "inactivity_exemptions",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    policy_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    tag = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    until = table.Column<long>(type: "INTEGER", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_inactivity_exemptions", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_inactivity_exemptions_inactivity_policies_organization_id_policy_id",
                        columns: x => new { x.organization_id, x.policy_id },
                        principalTable: "inactivity_policies",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "inactivity_warnings",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    policy_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    policy_version = table.Column<long>(type: "INTEGER", nullable: false),
                    action = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    idle_since = table.Column<long>(type: "INTEGER", nullable: false),
                    warned_at = table.Column<long>(type: "INTEGER", nullable: false),
                    due_at = table.Column<long>(type: "INTEGER", nullable: false),
                    acted_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_inactivity_warnings", x => new { x.organization_id, x.agent_id });
                    table.ForeignKey(
                        name: "FK_inactivity_warnings_inactivity_policies_organization_id_policy_id",
                        columns: x => new { x.organization_id, x.policy_id },
                        principalTable: "inactivity_policies",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "bulk_plans",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    action = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    add_tags = table.Column<string>(type: "TEXT", nullable: false),
                    remove_tags = table.Column<string>(type: "TEXT", nullable: false),
                    owner_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    target_team_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    filter = table.Column<string>(type: "TEXT", nullable: true),
                    digest = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    maker_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    maker_label = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    work_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    lease_until = table.Column<long>(type: "INTEGER", nullable: true),
                    stopped = table.Column<string>(type: "TEXT", maxLength: 300, nullable: true),
                    started_at = table.Column<long>(type: "INTEGER", nullable: true),
                    finished_at = table.Column<long>(type: "INTEGER", nullable: true),
                    total = table.Column<int>(type: "INTEGER", nullable: false),
                    change = table.Column<int>(type: "INTEGER", nullable: false),
                    no_change = table.Column<int>(type: "INTEGER", nullable: false),
                    refused = table.Column<int>(type: "INTEGER", nullable: false),
                    done = table.Column<int>(type: "INTEGER", nullable: false),
                    failed = table.Column<int>(type: "INTEGER", nullable: false),
                    undone = table.Column<int>(type: "INTEGER", nullable: false),
                    undo_failed = table.Column<int>(type: "INTEGER", nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_bulk_plans", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_bulk_plans_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "calendar_links",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    user_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    last4 = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_used_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_calendar_links", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_calendar_links_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "key_bulks",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    action = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    grace_seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    revoke_immediately = table.Column<bool>(type: "INTEGER", nullable: false),
                    auto_extend = table.Column<bool>(type: "INTEGER", nullable: false),
                    ttl_days = table.Column<int>(type: "INTEGER", nullable: true),
                    sink = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    selection = table.Column<string>(type: "TEXT", nullable: false),
                    digest = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    maker_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    maker_label = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    worker_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    worker_label = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    worker_kind = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    worker_method = table.Column<string>(type: "TEXT", maxLength: 20, nullable: false),
                    worker_credential = table.Column<byte[]>(type: "BLOB", nullable: true),
                    work_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    lease_until = table.Column<long>(type: "INTEGER", nullable: true),
                    stopped = table.Column<string>(type: "TEXT", maxLength: 300, nullable: true),
                    started_at = table.Column<long>(type: "INTEGER", nullable: true),
                    finished_at = table.Column<long>(type: "INTEGER", nullable: true),
                    cancelled_at = table.Column<long>(type: "INTEGER", nullable: true),
                    total = table.Column<int>(type: "INTEGER", nullable: false),
                    change = table.Column<int>(type: "INTEGER", nullable: false),
                    no_change = table.Column<int>(type: "INTEGER", nullable: false),
                    refused = table.Column<int>(type: "INTEGER", nullable: false),
                    issued = table.Column<int>(type: "INTEGER", nullable: false),
                    done = table.Column<int>(type: "INTEGER", nullable: false),
                    failed = table.Column<int>(type: "INTEGER", nullable: false),
                    cancelled = table.Column<int>(type: "INTEGER", nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_key_bulks", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_key_bulks_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "prices",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    model = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    provider = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    input_per_million = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    output_per_million = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    effective_from = table.Column<long>(type: "INTEGER", nullable: false),
                    effective_until = table.Column<long>(type: "INTEGER", nullable: true),
                    source = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    notes = table.Column<string>(type: "TEXT", maxLength: 1000, nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    superseded_at = table.Column<long>(type: "INTEGER", nullable: true),
                    superseded_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    supersede_reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    replaced_by_id = table.Column<byte[]>(type: "BLOB", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_prices", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_prices_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "purges",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    policy_revision = table.Column<long>(type: "INTEGER", nullable: false),
                    run_days = table.Column<int>(type: "INTEGER", nullable: true),
                    step_days = table.Column<int>(type: "INTEGER", nullable: true),
                    content_days = table.Column<int>(type: "INTEGER", nullable: true),
                    liveness_days = table.Column<int>(type: "INTEGER", nullable: true),
                    session_days = table.Column<int>(type: "INTEGER", nullable: true),
                    started_at = table.Column<long>(type: "INTEGER", nullable: false),
                    finished_at = table.Column<long>(type: "INTEGER", nullable: true),
                    runs = table.Column<long>(type: "INTEGER", nullable: false),
                    steps = table.Column<long>(type: "INTEGER", nullable: false),
                    contents = table.Column<long>(type: "INTEGER", nullable: false),
                    liveness_changes = table.Column<long>(type: "INTEGER", nullable: false),
                    sessions = table.Column<long>(type: "INTEGER", nullable: false),
                    phase = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    position_run_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    position_id = table.Column<byte[]>(type: "BLOB", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_purges", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_purges_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "reratings",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    from = table.Column<long>(type: "INTEGER", nullable: false),
                    to = table.Column<long>(type: "INTEGER", nullable: false),
                    model = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    include_reported = table.Column<bool>(type: "INTEGER", nullable: false),
                    digest = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    planned_at = table.Column<long>(type: "INTEGER", nullable: false),
                    planned_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: false),
                    applied_at = table.Column<long>(type: "INTEGER", nullable: true),
                    applied_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    finished_at = table.Column<long>(type: "INTEGER", nullable: true),
                    looked_at = table.Column<long>(type: "INTEGER", nullable: false),
                    runs = table.Column<long>(type: "INTEGER", nullable: false),
                    old_micros = table.Column<long>(type: "INTEGER", nullable: false),
                    new_micros = table.Column<long>(type: "INTEGER", nullable: false),
                    groups = table.Column<string>(type: "TEXT", nullable: false),
                    position = table.Column<byte[]>(type: "BLOB", nullable: true),
                    changed = table.Column<long>(type: "INTEGER", nullable: false),
                    skipped = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_reratings", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_reratings_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "retention_policies",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    run_days = table.Column<int>(type: "INTEGER", nullable: true),
                    step_days = table.Column<int>(type: "INTEGER", nullable: true),
                    content_days = table.Column<int>(type: "INTEGER", nullable: true),
                    liveness_days = table.Column<int>(type: "INTEGER", nullable: true),
                    session_days = table.Column<int>(type: "INTEGER", nullable: true),
                    legal_hold = table.Column<bool>(type: "INTEGER", nullable: false),
                    hold_reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    changed_at = table.Column<long>(type: "INTEGER", nullable: false),
                    changed_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_retention_policies", x => x.organization_id);
                    table.ForeignKey(
                        name: "FK_retention_policies_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "rotation_policies",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    environment = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    scope = table.Column<string>(type: "TEXT", maxLength: 120, nullable: false),
                    cadence_days = table.Column<int>(type: "INTEGER", nullable: true),
                    max_lifetime_days = table.Column<int>(type: "INTEGER", nullable: true),
                    sink_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    automatic = table.Column<bool>(type: "INTEGER", nullable: true),
                    lead_days = table.Column<int>(type: "INTEGER", nullable: true),
                    grace_seconds = table.Column<int>(type: "INTEGER", nullable: true),
                    auto_extend = table.Column<bool>(type: "INTEGER", nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_rotation_policies", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_rotation_policies_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "teams",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    slug = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    time_zone = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_teams", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_teams_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "users",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    display_name = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    roles = table.Column<int>(type: "INTEGER", nullable: false),
                    installation_admin = table.Column<bool>(type: "INTEGER", nullable: false),
                    disabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    disabled_at = table.Column<long>(type: "INTEGER", nullable: true),
                    break_glass = table.Column<bool>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_sign_in_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_totp_step = table.Column<long>(type: "INTEGER", nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false),
                    user_name = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    normalized_user_name = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    email = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    normalized_email = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    email_confirmed = table.Column<bool>(type: "INTEGER", nullable: false),
                    password_hash = table.Column<string>(type: "TEXT", nullable: true),
                    security_stamp = table.Column<string>(type: "TEXT", nullable: true),
                    concurrency_stamp = table.Column<string>(type: "TEXT", nullable: true),
                    phone_number = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    phone_number_confirmed = table.Column<bool>(type: "INTEGER", nullable: false),
                    two_factor_enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    lockout_end = table.Column<long>(type: "INTEGER", nullable: true),
                    lockout_enabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    access_failed_count = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_users", x => x.id);
                    table.ForeignKey(
                        name: "FK_users_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "bulk_plan_rows",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    plan_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    ordinal = table.Column<int>(type: "INTEGER", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    display_name = table.Column<string>(type: "TEXT", maxLength: 200, nullable: true),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    agent_revision = table.Column<long>(type: "INTEGER", nullable: false),
                    effect = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    before = table.Column<string>(type: "TEXT", nullable: true),
                    after = table.Column<string>(type: "TEXT", nullable: true),
                    outcome = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    code = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    detail = table.Column<string>(type: "TEXT", maxLength: 300, nullable: true),
                    done_revision = table.Column<long>(type: "INTEGER", nullable: true),
                    undo = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_bulk_plan_rows", x => new { x.organization_id, x.plan_id, x.ordinal });
                    table.ForeignKey(
                        name: "FK_bulk_plan_rows_bulk_plans_organization_id_plan_id",
                        columns: x => new { x.organization_id, x.plan_id },
                        principalTable: "bulk_plans",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "key_bulk_rows",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    bulk_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    ordinal = table.Column<int>(type: "INTEGER", nullable: false),
                    key_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    agent = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    key_name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    version = table.Column<int>(type: "INTEGER", nullable: true),
                    made_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_used_at = table.Column<long>(type: "INTEGER", nullable: true),
                    callers = table.Column<int>(type: "INTEGER", nullable: false),
                    self_rotation = table.Column<bool>(type: "INTEGER", nullable: false),
                    effect = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    outcome = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    code = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    detail = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    rotation_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    to_version = table.Column<int>(type: "INTEGER", nullable: true),
                    issued_at = table.Column<long>(type: "INTEGER", nullable: true),
                    @sealed = table.Column<byte[]>(name: "sealed", type: "BLOB", nullable: true),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_key_bulk_rows", x => new { x.organization_id, x.bulk_id, x.ordinal });
                    table.ForeignKey(
                        name: "FK_key_bulk_rows_key_bulks_organization_id_bulk_id",
                        columns: x => new { x.organization_id, x.bulk_id },
                        principalTable: "key_bulks",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "rerating_rows",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    rerating_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    run_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    old_micros = table.Column<long>(type: "INTEGER", nullable: true),
                    old_source = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    new_micros = table.Column<long>(type: "INTEGER", nullable: true),
                    new_source = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    basis = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_rerating_rows", x => new { x.organization_id, x.rerating_id, x.run_id });
                    table.ForeignKey(
                        name: "FK_rerating_rows_reratings_organization_id_rerating_id",
                        columns: x => new { x.organization_id, x.rerating_id },
                        principalTable: "reratings",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "agents",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    slug = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    display_name = table.Column<string>(type: "TEXT", maxLength: 200, nullable: false),
                    search_text = table.Column<string>(type: "TEXT", maxLength: 301, nullable: false),
                    description = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: true),
                    owner_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    environment = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    tags = table.Column<string>(type: "TEXT", nullable: false),
                    metadata = table.Column<string>(type: "TEXT", nullable: true),
                    scopes = table.Column<string>(type: "TEXT", nullable: false),
                    lifecycle = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    version = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    capture_mode = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    redactions = table.Column<string>(type: "TEXT", nullable: false),
                    lease_seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    grace_seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    deleted_at = table.Column<long>(type: "INTEGER", nullable: true),
                    lifecycle_before = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    revision = table.Column<long>(type: "INTEGER", nullable: false),
                    liveness = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    liveness_since = table.Column<long>(type: "INTEGER", nullable: true),
                    liveness_deadline = table.Column<long>(type: "INTEGER", nullable: true),
                    last_seen_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_heartbeat_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_run_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    last_run_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_run_status = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    seen_version = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    seen_instance = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    health = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    health_since = table.Column<long>(type: "INTEGER", nullable: true),
                    attention = table.Column<int>(type: "INTEGER", nullable: false, computedColumnSql: "CASE WHEN lifecycle IN ('retired', 'deleted') THEN 6 WHEN health = 'failing' THEN 0 WHEN lifecycle <> 'paused' AND liveness = 'silent' THEN 1 WHEN health = 'degraded' THEN 2 WHEN lifecycle <> 'paused' AND liveness = 'late' THEN 3 WHEN lifecycle = 'paused' THEN 5 ELSE 4 END", stored: true),
                    seen_order = table.Column<long>(type: "INTEGER", nullable: false, computedColumnSql: "COALESCE(last_seen_at, 0)", stored: true),
                    health_reason = table.Column<string>(type: "TEXT", maxLength: 300, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_agents", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_agents_teams_organization_id_team_id",
                        columns: x => new { x.organization_id, x.team_id },
                        principalTable: "teams",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "freezes",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    environment = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    name = table.Column<string>(type: "TEXT", maxLength: 60, nullable: false),
                    cron = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    duration_minutes = table.Column<int>(type: "INTEGER", nullable: true),
                    zone = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    starts_at = table.Column<long>(type: "INTEGER", nullable: true),
                    ends_at = table.Column<long>(type: "INTEGER", nullable: true),
                    override_role = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_freezes", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_freezes_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_freezes_teams_organization_id_team_id",
                        columns: x => new { x.organization_id, x.team_id },
                        principalTable: "teams",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "gateways",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    description = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: true),
                    region = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    environment = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    url = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    in_routing = table.Column<bool>(type: "INTEGER", nullable: false),
                    routing_since = table.Column<long>(type: "INTEGER", nullable: false),
                    routing_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    routing_reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    probe = table.Column<bool>(type: "INTEGER", nullable: false),
                    probe_due = table.Column<long>(type: "INTEGER", nullable: true),
                    health = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    health_since = table.Column<long>(type: "INTEGER", nullable: true),
                    health_problem = table.Column<string>(type: "TEXT", maxLength: 300, nullable: true),
                    probed_at = table.Column<long>(type: "INTEGER", nullable: true),
                    misses = table.Column<int>(type: "INTEGER", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_gateways", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_gateways_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_gateways_teams_organization_id_team_id",
                        columns: x => new { x.organization_id, x.team_id },
                        principalTable: "teams",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "memberships",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    principal_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    roles = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_memberships", x => new { x.organization_id, x.team_id, x.principal_id });
                    table.ForeignKey(
                        name: "FK_memberships_teams_organization_id_team_id",
                        columns: x => new { x.organization_id, x.team_id },
                        principalTable: "teams",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "rollout_templates",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    name = table.Column<string>(type: "TEXT", maxLength: 60, nullable: false),
                    description = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    plan = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_rollout_templates", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_rollout_templates_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_rollout_templates_teams_organization_id_team_id",
                        columns: x => new { x.organization_id, x.team_id },
                        principalTable: "teams",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "saved_views",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    page = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 60, nullable: false),
                    owner_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    role = table.Column<string>(type: "TEXT", maxLength: 20, nullable: true),
                    query = table.Column<string>(type: "TEXT", maxLength: 2000, nullable: false),
                    columns = table.Column<string>(type: "TEXT", maxLength: 400, nullable: true),
                    density = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_saved_views", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_saved_views_teams_organization_id_team_id",
                        columns: x => new { x.organization_id, x.team_id },
                        principalTable: "teams",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "secret_sinks",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    name = table.Column<string>(type: "TEXT", maxLength: 60, nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    settings = table.Column<string>(type: "TEXT", nullable: false),
                    credential = table.Column<byte[]>(type: "BLOB", nullable: true),
                    credential_set_at = table.Column<long>(type: "INTEGER", nullable: true),
                    previous = table.Column<byte[]>(type: "BLOB", nullable: true),
                    previous_until = table.Column<long>(type: "INTEGER", nullable: true),
                    last_delivery_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_code = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    last_problem = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<long>(type: "INTEGER", nullable: false),
                    updated_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_secret_sinks", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_secret_sinks_organizations_organization_id",
                        column: x => x.organization_id,
                        principalTable: "organizations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_secret_sinks_teams_organization_id_team_id",
                        columns: x => new { x.organization_id, x.team_id },
                        principalTable: "teams",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "user_claims",
                columns: table => new
                {
                    id = table.Column<int>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    user_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    claim_type = table.Column<string>(type: "TEXT", nullable: true),
                    claim_value = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_claims", x => x.id);
                    table.ForeignKey(
                        name: "FK_user_claims_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "user_logins",
                columns: table => new
                {
                    login_provider = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    provider_key = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    provider_display_name = table.Column<string>(type: "TEXT", nullable: true),
                    user_id = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_logins", x => new { x.login_provider, x.provider_key });
                    table.ForeignKey(
                        name: "FK_user_logins_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "user_passkeys",
                columns: table => new
                {
                    credential_id = table.Column<byte[]>(type: "BLOB", maxLength: 1024, nullable: false),
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    last_used_at = table.Column<long>(type: "INTEGER", nullable: true),
                    copy_suspected_at = table.Column<long>(type: "INTEGER", nullable: true),
                    user_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    Data = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_passkeys", x => x.credential_id);
                    table.ForeignKey(
                        name: "FK_user_passkeys_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "user_tokens",
                columns: table => new
                {
                    user_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    login_provider = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    value = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_user_tokens", x => new { x.user_id, x.login_provider, x.name });
                    table.ForeignKey(
                        name: "FK_user_tokens_users_user_id",
                        column: x => x.user_id,
                        principalTable: "users",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "agent_drifts",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    drifting = table.Column<bool>(type: "INTEGER", nullable: false),
                    since = table.Column<long>(type: "INTEGER", nullable: false),
                    kind = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 400, nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_agent_drifts", x => new { x.organization_id, x.agent_id });
                    table.ForeignKey(
                        name: "FK_agent_drifts_agents_organization_id_agent_id",
                        columns: x => new { x.organization_id, x.agent_id },
                        principalTable: "agents",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "agent_instances",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    caller = table.Column<byte[]>(type: "BLOB", maxLength: 16, nullable: false),
                    instance = table.Column<string>(type: "TEXT", maxLength: 120, nullable: true),
                    user_agent = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    version = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    since = table.Column<long>(type: "INTEGER", nullable: false),
                    last_seen_at = table.Column<long>(type: "INTEGER", nullable: false),
                    runs = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_agent_instances", x => new { x.organization_id, x.agent_id, x.caller });
                    table.ForeignKey(
                        name: "FK_agent_instances_agents_organization_id_agent_id",
                        columns: x => new { x.organization_id, x.agent_id },
                        principalTable: "agents",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "agent_keys",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    name = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    self_rotation = table.Column<bool>(type: "INTEGER", nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false),
                    callers_overflowed_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_agent_keys", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_agent_keys_agents_organization_id_agent_id",
                        columns: x => new { x.organization_id, x.agent_id },
                        principalTable: "agents",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "agent_tags",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    tag = table.Column<string>(type: "TEXT", maxLength: 60, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_agent_tags", x => new { x.organization_id, x.tag, x.agent_id });
                    table.ForeignKey(
                        name: "FK_agent_tags_agents_organization_id_agent_id",
                        columns: x => new { x.organization_id, x.agent_id },
                        principalTable: "agents",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "definition_versions",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    number = table.Column<int>(type: "INTEGER", nullable: false),
                    content = table.Column<string>(type: "TEXT", nullable: false),
                    source = table.Column<string>(type: "TEXT", nullable: false),
                    format = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    digest = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    bytes = table.Column<int>(type: "INTEGER", nullable: false),
                    note = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    created_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_definition_versions", x => new { x.organization_id, x.agent_id, x.number });
                    table.ForeignKey(
                        name: "FK_definition_versions_agents_organization_id_agent_id",
                        columns: x => new { x.organization_id, x.agent_id },
                        principalTable: "agents",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "retirements",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: false),
                    started_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: true),
                    ended_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    end_reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    marks = table.Column<string>(type: "TEXT", nullable: false),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_retirements", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_retirements_agents_organization_id_agent_id",
                        columns: x => new { x.organization_id, x.agent_id },
                        principalTable: "agents",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "rollouts",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    environment = table.Column<string>(type: "TEXT", maxLength: 60, nullable: false),
                    stable_snapshot_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    stable_version = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    canary_snapshot_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    canary_version = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    plan = table.Column<string>(type: "TEXT", nullable: false),
                    template = table.Column<string>(type: "TEXT", maxLength: 60, nullable: true),
                    state = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    waits = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    step = table.Column<int>(type: "INTEGER", nullable: false),
                    step_started_at = table.Column<long>(type: "INTEGER", nullable: false),
                    paused_seconds = table.Column<long>(type: "INTEGER", nullable: false),
                    paused_at = table.Column<long>(type: "INTEGER", nullable: true),
                    runs_looked = table.Column<long>(type: "INTEGER", nullable: false),
                    fails_in_row = table.Column<int>(type: "INTEGER", nullable: false),
                    verdict = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    step_done = table.Column<bool>(type: "INTEGER", nullable: false),
                    decisions = table.Column<int>(type: "INTEGER", nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    started_at = table.Column<long>(type: "INTEGER", nullable: false),
                    started_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: true),
                    ended_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    ended_reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_rollouts", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_rollouts_agents_organization_id_agent_id",
                        columns: x => new { x.organization_id, x.agent_id },
                        principalTable: "agents",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_rollouts_teams_organization_id_team_id",
                        columns: x => new { x.organization_id, x.team_id },
                        principalTable: "teams",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "gateway_links",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    gateway_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    linked_at = table.Column<long>(type: "INTEGER", nullable: false),
                    linked_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_gateway_links", x => new { x.organization_id, x.gateway_id, x.agent_id });
                    table.ForeignKey(
                        name: "FK_gateway_links_agents_organization_id_agent_id",
                        columns: x => new { x.organization_id, x.agent_id },
                        principalTable: "agents",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_gateway_links_gateways_organization_id_gateway_id",
                        columns: x => new { x.organization_id, x.gateway_id },
                        principalTable: "gateways",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "view_marks",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    user_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    view_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    page = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    pinned = table.Column<bool>(type: "INTEGER", nullable: false),
                    @default = table.Column<bool>(name: "default", type: "INTEGER", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_view_marks", x => new { x.organization_id, x.user_id, x.view_id });
                    table.ForeignKey(
                        name: "FK_view_marks_saved_views_organization_id_view_id",
                        columns: x => new { x.organization_id, x.view_id },
                        principalTable: "saved_views",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "key_notices",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    key_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    due_at = table.Column<long>(type: "INTEGER", nullable: false),
                    days = table.Column<int>(type: "INTEGER", nullable: false),
                    due_by = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    automatic = table.Column<bool>(type: "INTEGER", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    dismissed_at = table.Column<long>(type: "INTEGER", nullable: true),
                    dismissed_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_key_notices", x => new { x.organization_id, x.key_id, x.due_at, x.days });
                    table.ForeignKey(
                        name: "FK_key_notices_agent_keys_organization_id_key_id",
                        columns: x => new { x.organization_id, x.key_id },
                        principalTable: "agent_keys",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "key_schedules",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    key_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false),
                    made_at = table.Column<long>(type: "INTEGER", nullable: false),
                    due_at = table.Column<long>(type: "INTEGER", nullable: true),
                    due_by = table.Column<string>(type: "TEXT", maxLength: 16, nullable: true),
                    due_order = table.Column<long>(type: "INTEGER", nullable: false, computedColumnSql: "COALESCE(due_at, 9223372036854775807)", stored: true),
                    outlook = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    begins_at = table.Column<long>(type: "INTEGER", nullable: true),
                    sink_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    noted_days = table.Column<int>(type: "INTEGER", nullable: true),
                    notice_days = table.Column<int>(type: "INTEGER", nullable: true),
                    notice_at = table.Column<long>(type: "INTEGER", nullable: true),
                    tries = table.Column<int>(type: "INTEGER", nullable: false),
                    try_at = table.Column<long>(type: "INTEGER", nullable: true),
                    problem = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    changed_at = table.Column<long>(type: "INTEGER", nullable: false),
                    watch_at = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_key_schedules", x => new { x.organization_id, x.key_id });
                    table.ForeignKey(
                        name: "FK_key_schedules_agent_keys_organization_id_key_id",
                        columns: x => new { x.organization_id, x.key_id },
                        principalTable: "agent_keys",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "key_versions",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    key_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    number = table.Column<int>(type: "INTEGER", nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    hash = table.Column<byte[]>(type: "BLOB", nullable: false),
                    pepper_id = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    prefix = table.Column<string>(type: "TEXT", maxLength: 40, nullable: false),
                    last4 = table.Column<string>(type: "TEXT", maxLength: 4, nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: true),
                    retires_at = table.Column<long>(type: "INTEGER", nullable: true),
                    disabled_at = table.Column<long>(type: "INTEGER", nullable: true),
                    revoked_at = table.Column<long>(type: "INTEGER", nullable: true),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    leak_reported_at = table.Column<long>(type: "INTEGER", nullable: true),
                    revision = table.Column<long>(type: "INTEGER", nullable: false),
                    first_used_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_used_at = table.Column<long>(type: "INTEGER", nullable: true),
                    last_used_address = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    last_used_user_agent = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    last_used_route = table.Column<string>(type: "TEXT", maxLength: 120, nullable: true),
                    use_count = table.Column<long>(type: "INTEGER", nullable: false),
                    used_order = table.Column<long>(type: "INTEGER", nullable: false, computedColumnSql: "COALESCE(last_used_at, 0)", stored: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_key_versions", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_key_versions_agent_keys_organization_id_key_id",
                        columns: x => new { x.organization_id, x.key_id },
                        principalTable: "agent_keys",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "rotations",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    key_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    state = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    from_version = table.Column<int>(type: "INTEGER", nullable: true),
                    to_version = table.Column<int>(type: "INTEGER", nullable: true),
                    trigger = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    created_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    planned_at = table.Column<long>(type: "INTEGER", nullable: false),
                    grace_seconds = table.Column<int>(type: "INTEGER", nullable: false),
                    revoke_immediately = table.Column<bool>(type: "INTEGER", nullable: false),
                    auto_extend = table.Column<bool>(type: "INTEGER", nullable: false),
                    auto_extended_at = table.Column<long>(type: "INTEGER", nullable: true),
                    auto_extensions = table.Column<int>(type: "INTEGER", nullable: false),
                    ttl_days = table.Column<int>(type: "INTEGER", nullable: true),
                    sink = table.Column<string>(type: "TEXT", maxLength: 100, nullable: true),
                    delivered_at = table.Column<long>(type: "INTEGER", nullable: true),
                    delivering_until = table.Column<long>(type: "INTEGER", nullable: true),
                    issued_at = table.Column<long>(type: "INTEGER", nullable: true),
                    issuer_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    issued_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    retry_scope = table.Column<byte[]>(type: "BLOB", nullable: true),
                    holder_id = table.Column<byte[]>(type: "BLOB", nullable: true),
                    held_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    acknowledged_at = table.Column<long>(type: "INTEGER", nullable: true),
                    ready_at = table.Column<long>(type: "INTEGER", nullable: true),
                    overridden_at = table.Column<long>(type: "INTEGER", nullable: true),
                    overridden_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: true),
                    override_reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    old_disabled_at = table.Column<long>(type: "INTEGER", nullable: true),
                    old_disabled_until = table.Column<long>(type: "INTEGER", nullable: true),
                    closed_at = table.Column<long>(type: "INTEGER", nullable: true),
                    superseded_by = table.Column<byte[]>(type: "BLOB", nullable: true),
                    failure = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    revision = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_rotations", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_rotations_agent_keys_organization_id_key_id",
                        columns: x => new { x.organization_id, x.key_id },
                        principalTable: "agent_keys",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "snapshots",
                columns: table => new
                {
                    id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    visible_team_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    agent_slug = table.Column<string>(type: "TEXT", maxLength: 100, nullable: false),
                    environment = table.Column<string>(type: "TEXT", maxLength: 60, nullable: false),
                    version = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    status = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    content = table.Column<string>(type: "TEXT", nullable: false),
                    traffic_percent = table.Column<double>(type: "REAL", nullable: true),
                    digest = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    definition_number = table.Column<int>(type: "INTEGER", nullable: true),
                    reason = table.Column<string>(type: "TEXT", maxLength: 500, nullable: true),
                    trigger = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    move = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    rolled_back_from = table.Column<byte[]>(type: "BLOB", nullable: true),
                    rolled_back_version = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    deployed_at = table.Column<long>(type: "INTEGER", nullable: false),
                    deployed_by = table.Column<string>(type: "TEXT", maxLength: 256, nullable: false),
                    outcome = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    ended_at = table.Column<long>(type: "INTEGER", nullable: true),
                    ended_by = table.Column<byte[]>(type: "BLOB", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_snapshots", x => new { x.organization_id, x.id });
                    table.ForeignKey(
                        name: "FK_snapshots_agents_organization_id_agent_id",
                        columns: x => new { x.organization_id, x.agent_id },
                        principalTable: "agents",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_snapshots_definition_versions_organization_id_agent_id_definition_number",
                        columns: x => new { x.organization_id, x.agent_id, x.definition_number },
                        principalTable: "definition_versions",
                        principalColumns: new[] { "organization_id", "agent_id", "number" },
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_snapshots_teams_organization_id_team_id",
                        columns: x => new { x.organization_id, x.team_id },
                        principalTable: "teams",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "rollout_arms",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    rollout_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    step = table.Column<int>(type: "INTEGER", nullable: false),
                    is_canary = table.Column<bool>(type: "INTEGER", nullable: false),
                    runs = table.Column<long>(type: "INTEGER", nullable: false),
                    failed = table.Column<long>(type: "INTEGER", nullable: false),
                    tool_failed = table.Column<long>(type: "INTEGER", nullable: false),
                    blocked = table.Column<long>(type: "INTEGER", nullable: false),
                    samples = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_rollout_arms", x => new { x.organization_id, x.rollout_id, x.step, x.is_canary });
                    table.ForeignKey(
                        name: "FK_rollout_arms_rollouts_organization_id_rollout_id",
                        columns: x => new { x.organization_id, x.rollout_id },
                        principalTable: "rollouts",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "rollout_decisions",
                columns: table => new
                {
                    organization_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    rollout_id = table.Column<byte[]>(type: "BLOB", nullable: false),
                    number = table.Column<int>(type: "INTEGER", nullable: false),
                    step = table.Column<int>(type: "INTEGER", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    verdict = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    act = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    record = table.Column<byte[]>(type: "BLOB", nullable: false),
                    digest = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_rollout_decisions", x => new { x.organization_id, x.rollout_id, x.number });
                    table.ForeignKey(
                        name: "FK_rollout_decisions_rollouts_organization_id_rollout_id",
                        columns: x => new { x.organization_id, x.rollout_id },
                        principalTable: "rollouts",
                        principalColumns: new[] { "organization_id", "id" },
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_agent_drifts_drifting",
                table: "agent_drifts",
                columns: new[] { "organization_id", "since", "agent_id" },
                filter: "drifting");

            migrationBuilder.CreateIndex(
                name: "IX_agent_instances_organization_id_agent_id_last_seen_at",
                table: "agent_instances",
                columns: new[] { "organization_id", "agent_id", "last_seen_at" });

            migrationBuilder.CreateIndex(
                name: "ix_agent_instances_seen",
                table: "agent_instances",
                columns: new[] { "organization_id", "last_seen_at" });

            migrationBuilder.CreateIndex(
                name: "IX_agent_keys_organization_id_agent_id_id",
                table: "agent_keys",
                columns: new[] { "organization_id", "agent_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_agent_keys_organization_id_name",
                table: "agent_keys",
                columns: new[] { "organization_id", "name" });

            migrationBuilder.CreateIndex(
                name: "IX_agent_tags_organization_id_agent_id",
                table: "agent_tags",
                columns: new[] { "organization_id", "agent_id" });

            migrationBuilder.CreateIndex(
                name: "IX_agents_organization_id_owner_id",
                table: "agents",
                columns: new[] { "organization_id", "owner_id" });

            migrationBuilder.CreateIndex(
                name: "IX_agents_organization_id_team_id_slug",
                table: "agents",
                columns: new[] { "organization_id", "team_id", "slug" });

            migrationBuilder.CreateIndex(
                name: "ix_agents_attention",
                table: "agents",
                columns: new[] { "organization_id", "attention", "slug", "team_id", "lifecycle", "liveness", "health", "owner_id", "environment", "search_text", "id" },
                filter: "deleted_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_agents_deleted",
                table: "agents",
                columns: new[] { "organization_id", "attention", "slug", "id" },
                filter: "deleted_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_agents_due",
                table: "agents",
                column: "liveness_deadline",
                filter: "liveness_deadline IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_agents_list",
                table: "agents",
                columns: new[] { "organization_id", "slug", "team_id", "lifecycle", "liveness", "health", "owner_id", "environment", "search_text", "id" },
                filter: "deleted_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_agents_seen",
                table: "agents",
                columns: new[] { "organization_id", "seen_order", "id" },
                filter: "deleted_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ux_agents_slug",
                table: "agents",
                columns: new[] { "organization_id", "slug" },
                unique: true,
                filter: "deleted_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_api_tokens_organization_id_owner_id",
                table: "api_tokens",
                columns: new[] { "organization_id", "owner_id" });

            migrationBuilder.CreateIndex(
                name: "ix_api_tokens_hash",
                table: "api_tokens",
                column: "hash");

            migrationBuilder.CreateIndex(
                name: "IX_bulk_plan_rows_organization_id_plan_id_effect_ordinal",
                table: "bulk_plan_rows",
                columns: new[] { "organization_id", "plan_id", "effect", "ordinal" });

            migrationBuilder.CreateIndex(
                name: "IX_bulk_plan_rows_organization_id_plan_id_outcome_ordinal",
                table: "bulk_plan_rows",
                columns: new[] { "organization_id", "plan_id", "outcome", "ordinal" });

            migrationBuilder.CreateIndex(
                name: "IX_bulk_plans_created_at",
                table: "bulk_plans",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "IX_calendar_links_organization_id_user_id_id",
                table: "calendar_links",
                columns: new[] { "organization_id", "user_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ux_calendar_links_hash",
                table: "calendar_links",
                column: "hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_freezes_organization_id_name_id",
                table: "freezes",
                columns: new[] { "organization_id", "name", "id" });

            migrationBuilder.CreateIndex(
                name: "ux_freezes_organization_name",
                table: "freezes",
                columns: new[] { "organization_id", "name" },
                unique: true,
                filter: "team_id IS NULL");

            migrationBuilder.CreateIndex(
                name: "ux_freezes_team_name",
                table: "freezes",
                columns: new[] { "organization_id", "team_id", "name" },
                unique: true,
                filter: "team_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_gateway_links_organization_id_agent_id",
                table: "gateway_links",
                columns: new[] { "organization_id", "agent_id" });

            migrationBuilder.CreateIndex(
                name: "IX_gateways_organization_id_team_id",
                table: "gateways",
                columns: new[] { "organization_id", "team_id" });

            migrationBuilder.CreateIndex(
                name: "ix_gateways_probe_due",
                table: "gateways",
                column: "probe_due",
                filter: "probe_due IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_gateways_name",
                table: "gateways",
                columns: new[] { "organization_id", "name" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_inactivity_exemptions_organization_id_policy_id_id",
                table: "inactivity_exemptions",
                columns: new[] { "organization_id", "policy_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ux_inactivity_policies_organization",
                table: "inactivity_policies",
                column: "organization_id",
                unique: true,
                filter: "team_id IS NULL");

            migrationBuilder.CreateIndex(
                name: "ux_inactivity_policies_team",
                table: "inactivity_policies",
                columns: new[] { "organization_id", "team_id" },
                unique: true,
                filter: "team_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_inactivity_warnings_organization_id_policy_id_acted_at",
                table: "inactivity_warnings",
                columns: new[] { "organization_id", "policy_id", "acted_at" });

            migrationBuilder.CreateIndex(
                name: "IX_inactivity_warnings_organization_id_policy_id_due_at",
                table: "inactivity_warnings",
                columns: new[] { "organization_id", "policy_id", "due_at" });

            migrationBuilder.CreateIndex(
                name: "IX_key_bulk_rows_organization_id_bulk_id_effect_ordinal",
                table: "key_bulk_rows",
                columns: new[] { "organization_id", "bulk_id", "effect", "ordinal" });

            migrationBuilder.CreateIndex(
                name: "IX_key_bulk_rows_organization_id_bulk_id_outcome_ordinal",
                table: "key_bulk_rows",
                columns: new[] { "organization_id", "bulk_id", "outcome", "ordinal" });

            migrationBuilder.CreateIndex(
                name: "ix_key_bulk_rows_sealed",
                table: "key_bulk_rows",
                column: "issued_at",
                filter: "sealed IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_key_bulks_created_at",
                table: "key_bulks",
                column: "created_at");

            migrationBuilder.CreateIndex(
                name: "ix_key_bulks_working",
                table: "key_bulks",
                column: "lease_until",
                filter: "state = 'working'");

            migrationBuilder.CreateIndex(
                name: "IX_key_callers_last_used_at",
                table: "key_callers",
                column: "last_used_at");

            migrationBuilder.CreateIndex(
                name: "IX_key_minutes_minute",
                table: "key_minutes",
                column: "minute");

            migrationBuilder.CreateIndex(
                name: "IX_key_refusals_minute",
                table: "key_refusals",
                column: "minute");

            migrationBuilder.CreateIndex(
                name: "IX_key_refusals_organization_id_key_version_id_minute",
                table: "key_refusals",
                columns: new[] { "organization_id", "key_version_id", "minute" });

            migrationBuilder.CreateIndex(
                name: "IX_key_schedules_organization_id_agent_id",
                table: "key_schedules",
                columns: new[] { "organization_id", "agent_id" });

            migrationBuilder.CreateIndex(
                name: "IX_key_schedules_organization_id_due_order_key_id",
                table: "key_schedules",
                columns: new[] { "organization_id", "due_order", "key_id" });

            migrationBuilder.CreateIndex(
                name: "ix_key_schedules_notices",
                table: "key_schedules",
                columns: new[] { "organization_id", "notice_days" },
                filter: "notice_days IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_key_schedules_problems",
                table: "key_schedules",
                column: "organization_id",
                filter: "problem IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_key_schedules_watch",
                table: "key_schedules",
                column: "watch_at",
                filter: "watch_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_key_versions_organization_id_agent_id_state",
                table: "key_versions",
                columns: new[] { "organization_id", "agent_id", "state" });

            migrationBuilder.CreateIndex(
                name: "IX_key_versions_organization_id_last4",
                table: "key_versions",
                columns: new[] { "organization_id", "last4" });

            migrationBuilder.CreateIndex(
                name: "IX_key_versions_organization_id_prefix",
                table: "key_versions",
                columns: new[] { "organization_id", "prefix" });

            migrationBuilder.CreateIndex(
                name: "IX_key_versions_organization_id_used_order_id",
                table: "key_versions",
                columns: new[] { "organization_id", "used_order", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_key_versions_expiry",
                table: "key_versions",
                columns: new[] { "state", "expires_at" },
                filter: "expires_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_key_versions_hash",
                table: "key_versions",
                column: "hash");

            migrationBuilder.CreateIndex(
                name: "ix_key_versions_unused",
                table: "key_versions",
                columns: new[] { "organization_id", "state", "used_order", "id", "created_at", "agent_id" });

            migrationBuilder.CreateIndex(
                name: "ux_key_versions_number",
                table: "key_versions",
                columns: new[] { "organization_id", "key_id", "number" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_live_outbox_at",
                table: "live_outbox",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "IX_live_outbox_transaction_id",
                table: "live_outbox",
                column: "transaction_id");

            migrationBuilder.CreateIndex(
                name: "IX_liveness_changes_organization_id_agent_id_id",
                table: "liveness_changes",
                columns: new[] { "organization_id", "agent_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_memberships_organization_id_principal_id",
                table: "memberships",
                columns: new[] { "organization_id", "principal_id" });

            migrationBuilder.CreateIndex(
                name: "ix_one_time_links_hash",
                table: "one_time_links",
                column: "hash");

            migrationBuilder.CreateIndex(
                name: "ux_organizations_slug",
                table: "organizations",
                column: "slug",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ux_prices_begin",
                table: "prices",
                columns: new[] { "organization_id", "model", "effective_from" },
                unique: true,
                filter: "superseded_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ux_purges_running",
                table: "purges",
                column: "organization_id",
                unique: true,
                filter: "finished_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ux_reratings_applying",
                table: "reratings",
                column: "organization_id",
                unique: true,
                filter: "state = 'applying'");

            migrationBuilder.CreateIndex(
                name: "IX_retirements_organization_id_agent_id_id",
                table: "retirements",
                columns: new[] { "organization_id", "agent_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ux_retirements_open",
                table: "retirements",
                columns: new[] { "organization_id", "agent_id" },
                unique: true,
                filter: "state = 'open'");

            migrationBuilder.CreateIndex(
                name: "ux_rollout_templates_organization",
                table: "rollout_templates",
                columns: new[] { "organization_id", "name" },
                unique: true,
                filter: "team_id IS NULL");

            migrationBuilder.CreateIndex(
                name: "ux_rollout_templates_team",
                table: "rollout_templates",
                columns: new[] { "organization_id", "team_id", "name" },
                unique: true,
                filter: "team_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_rollouts_organization_id_agent_id_id",
                table: "rollouts",
                columns: new[] { "organization_id", "agent_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_rollouts_organization_id_team_id",
                table: "rollouts",
                columns: new[] { "organization_id", "team_id" });

            migrationBuilder.CreateIndex(
                name: "ix_rollouts_open",
                table: "rollouts",
                column: "id",
                filter: "ended_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ux_rollouts_open",
                table: "rollouts",
                columns: new[] { "organization_id", "agent_id", "environment" },
                unique: true,
                filter: "ended_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ux_rotation_policies_scope",
                table: "rotation_policies",
                columns: new[] { "organization_id", "scope" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_rotations_organization_id_agent_id_id",
                table: "rotations",
                columns: new[] { "organization_id", "agent_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_rotations_organization_id_key_id_id",
                table: "rotations",
                columns: new[] { "organization_id", "key_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_rotations_watched",
                table: "rotations",
                column: "id",
                filter: "closed_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ux_rotations_open",
                table: "rotations",
                columns: new[] { "organization_id", "key_id" },
                unique: true,
                filter: "closed_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_run_cancels_requested",
                table: "run_cancels",
                column: "requested_at");

            migrationBuilder.CreateIndex(
                name: "ix_run_cancels_root",
                table: "run_cancels",
                columns: new[] { "organization_id", "root_run_id" });

            migrationBuilder.CreateIndex(
                name: "ix_run_events_content",
                table: "run_events",
                columns: new[] { "organization_id", "run_id", "id" },
                filter: "payload IS NOT NULL AND decision IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_run_events_decision",
                table: "run_events",
                columns: new[] { "organization_id", "run_id" },
                filter: "decision IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_run_events_id",
                table: "run_events",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ux_run_events_external_id",
                table: "run_events",
                columns: new[] { "organization_id", "run_id", "external_id" },
                unique: true,
                filter: "external_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_run_rollups_bucket",
                table: "run_rollups",
                columns: new[] { "organization_id", "bucket" });

            migrationBuilder.CreateIndex(
                name: "ix_runs_agent",
                table: "runs",
                columns: new[] { "organization_id", "agent_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_runs_agent_status",
                table: "runs",
                columns: new[] { "organization_id", "agent_id", "status", "id" },
                filter: "status <> 'completed'");

            migrationBuilder.CreateIndex(
                name: "ix_runs_due",
                table: "runs",
                column: "lease_deadline",
                filter: "lease_deadline IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_error_code",
                table: "runs",
                columns: new[] { "organization_id", "error_code", "id" },
                filter: "error_code IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_parent",
                table: "runs",
                columns: new[] { "organization_id", "parent_run_id" },
                filter: "parent_run_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_rated",
                table: "runs",
                columns: new[] { "organization_id", "finished_at", "id" },
                filter: "finished_at IS NOT NULL AND cost_source IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_runs_status",
                table: "runs",
                columns: new[] { "organization_id", "status", "id" },
                filter: "status <> 'completed'");

            migrationBuilder.CreateIndex(
                name: "ix_runs_team",
                table: "runs",
                columns: new[] { "organization_id", "team_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_runs_team_status",
                table: "runs",
                columns: new[] { "organization_id", "team_id", "status", "id" },
                filter: "status <> 'completed'");

            migrationBuilder.CreateIndex(
                name: "ux_runs_external_id",
                table: "runs",
                columns: new[] { "organization_id", "external_id", "agent_id" },
                unique: true,
                filter: "external_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "IX_saved_views_organization_id_owner_id",
                table: "saved_views",
                columns: new[] { "organization_id", "owner_id" });

            migrationBuilder.CreateIndex(
                name: "IX_saved_views_organization_id_team_id",
                table: "saved_views",
                columns: new[] { "organization_id", "team_id" });

            migrationBuilder.CreateIndex(
                name: "ux_saved_views_role",
                table: "saved_views",
                columns: new[] { "organization_id", "page", "role" },
                unique: true,
                filter: "role IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_secret_sinks_organization_name",
                table: "secret_sinks",
                columns: new[] { "organization_id", "name" },
                unique: true,
                filter: "team_id IS NULL");

            migrationBuilder.CreateIndex(
                name: "ux_secret_sinks_team_name",
                table: "secret_sinks",
                columns: new[] { "organization_id", "team_id", "name" },
                unique: true,
                filter: "team_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ux_service_accounts_name",
                table: "service_accounts",
                columns: new[] { "organization_id", "name" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_sightings_organization_id_state_id",
                table: "sightings",
                columns: new[] { "organization_id", "state", "id" });

            migrationBuilder.CreateIndex(
                name: "ux_sightings_name",
                table: "sightings",
                columns: new[] { "organization_id", "token_id", "name" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_snapshots_organization_id_agent_id_definition_number",
                table: "snapshots",
                columns: new[] { "organization_id", "agent_id", "definition_number" });

            migrationBuilder.CreateIndex(
                name: "IX_snapshots_organization_id_agent_id_id",
                table: "snapshots",
                columns: new[] { "organization_id", "agent_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_snapshots_organization_id_digest",
                table: "snapshots",
                columns: new[] { "organization_id", "digest" });

            migrationBuilder.CreateIndex(
                name: "IX_snapshots_organization_id_outcome_id",
                table: "snapshots",
                columns: new[] { "organization_id", "outcome", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_snapshots_organization_id_team_id_id",
                table: "snapshots",
                columns: new[] { "organization_id", "team_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_snapshots_organization_id_visible_team_id_id",
                table: "snapshots",
                columns: new[] { "organization_id", "visible_team_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_snapshots_before",
                table: "snapshots",
                columns: new[] { "organization_id", "agent_id", "environment", "status", "deployed_at", "id" });

            migrationBuilder.CreateIndex(
                name: "ix_snapshots_lanes",
                table: "snapshots",
                columns: new[] { "organization_id", "visible_team_id", "agent_slug", "environment", "agent_id" },
                filter: "outcome = 'current'");

            migrationBuilder.CreateIndex(
                name: "ix_snapshots_window",
                table: "snapshots",
                columns: new[] { "organization_id", "agent_id", "deployed_at", "environment", "status", "move", "visible_team_id", "id" });

            migrationBuilder.CreateIndex(
                name: "ux_snapshots_current",
                table: "snapshots",
                columns: new[] { "organization_id", "agent_id", "environment", "status" },
                unique: true,
                filter: "outcome = 'current'");

            migrationBuilder.CreateIndex(
                name: "IX_stored_retries_expires_at",
                table: "stored_retries",
                column: "expires_at");

            migrationBuilder.CreateIndex(
                name: "ux_teams_slug",
                table: "teams",
                columns: new[] { "organization_id", "slug" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_trail_records_organization_id_actor_id_seq",
                table: "trail_records",
                columns: new[] { "organization_id", "actor_id", "seq" });

            migrationBuilder.CreateIndex(
                name: "IX_trail_records_organization_id_at",
                table: "trail_records",
                columns: new[] { "organization_id", "at" });

            migrationBuilder.CreateIndex(
                name: "IX_trail_records_organization_id_correlation_id",
                table: "trail_records",
                columns: new[] { "organization_id", "correlation_id" });

            migrationBuilder.CreateIndex(
                name: "IX_trail_records_organization_id_target_id_seq",
                table: "trail_records",
                columns: new[] { "organization_id", "target_id", "seq" });

            migrationBuilder.CreateIndex(
                name: "IX_trail_records_organization_id_team_id_seq",
                table: "trail_records",
                columns: new[] { "organization_id", "team_id", "seq" });

            migrationBuilder.CreateIndex(
                name: "ux_trail_records_id",
                table: "trail_records",
                columns: new[] { "organization_id", "id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_user_claims_user_id",
                table: "user_claims",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "IX_user_logins_user_id",
                table: "user_logins",
                column: "user_id");

            migrationBuilder.CreateIndex(
                name: "IX_user_passkeys_user_id_id",
                table: "user_passkeys",
                columns: new[] { "user_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_user_sessions_organization_id_user_id",
                table: "user_sessions",
                columns: new[] { "organization_id", "user_id" });

            migrationBuilder.CreateIndex(
                name: "EmailIndex",
                table: "users",
                column: "normalized_email");

            migrationBuilder.CreateIndex(
                name: "UserNameIndex",
                table: "users",
                column: "normalized_user_name",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_users_organization",
                table: "users",
                columns: new[] { "organization_id", "id" });

            migrationBuilder.CreateIndex(
                name: "IX_view_marks_organization_id_view_id",
                table: "view_marks",
                columns: new[] { "organization_id", "view_id" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "agent_drifts");

            migrationBuilder.DropTable(
                name: "agent_instances");

            migrationBuilder.DropTable(
                name: "agent_tags");

            migrationBuilder.DropTable(
                name: "api_tokens");

            migrationBuilder.DropTable(
                name: "arm_entries");

            migrationBuilder.DropTable(
                name: "break_glass_accounts");

            migrationBuilder.DropTable(
                name: "break_glass_uses");

            migrationBuilder.DropTable(
                name: "bulk_plan_rows");

            migrationBuilder.DropTable(
                name: "calendar_links");

            migrationBuilder.DropTable(
                name: "console_gaps");

            migrationBuilder.DropTable(
                name: "data_protection_keys");

            migrationBuilder.DropTable(
                name: "freezes");

            migrationBuilder.DropTable(
                name: "gateway_links");

            migrationBuilder.DropTable(
                name: "inactivity_brakes");

            migrationBuilder.DropTable(
                name: "inactivity_exemptions");

            migrationBuilder.DropTable(
                name: "inactivity_warnings");

            migrationBuilder.DropTable(
                name: "key_bulk_rows");

            migrationBuilder.DropTable(
                name: "key_callers");

            migrationBuilder.DropTable(
                name: "key_minutes");

            migrationBuilder.DropTable(
                name: "key_notices");

            migrationBuilder.DropTable(
                name: "key_refusals");

            migrationBuilder.DropTable(
                name: "key_schedules");

            migrationBuilder.DropTable(
                name: "key_versions");

            migrationBuilder.DropTable(
                name: "live_outbox");

            migrationBuilder.DropTable(
                name: "liveness_changes");

            migrationBuilder.DropTable(
                name: "memberships");

            migrationBuilder.DropTable(
                name: "one_time_links");

            migrationBuilder.DropTable(
                name: "page_habits");

            migrationBuilder.DropTable(
                name: "prices");

            migrationBuilder.DropTable(
                name: "purges");

            migrationBuilder.DropTable(
                name: "rerating_rows");

            migrationBuilder.DropTable(
                name: "retention_policies");

            migrationBuilder.DropTable(
                name: "retirements");

            migrationBuilder.DropTable(
                name: "rollout_arms");

            migrationBuilder.DropTable(
                name: "rollout_decisions");

            migrationBuilder.DropTable(
                name: "rollout_templates");

            migrationBuilder.DropTable(
                name: "rollup_bases");

            migrationBuilder.DropTable(
                name: "rotation_policies");

            migrationBuilder.DropTable(
                name: "rotations");

            migrationBuilder.DropTable(
                name: "run_cancels");

            migrationBuilder.DropTable(
                name: "run_events");

            migrationBuilder.DropTable(
                name: "run_rollups");

            migrationBuilder.DropTable(
                name: "runs");

            migrationBuilder.DropTable(
                name: "schedule_passes");

            migrationBuilder.DropTable(
                name: "secret_sinks");

            migrationBuilder.DropTable(
                name: "service_accounts");

            migrationBuilder.DropTable(
                name: "sightings");

            migrationBuilder.DropTable(
                name: "snapshots");

            migrationBuilder.DropTable(
                name: "spent_tickets");

            migrationBuilder.DropTable(
                name: "store_facts");

            migrationBuilder.DropTable(
                name: "stored_retries");

            migrationBuilder.DropTable(
                name: "trail_heads");

            migrationBuilder.DropTable(
                name: "trail_records");

            migrationBuilder.DropTable(
                name: "user_claims");

            migrationBuilder.DropTable(
                name: "user_logins");

            migrationBuilder.DropTable(
                name: "user_passkeys");

            migrationBuilder.DropTable(
                name: "user_sessions");

            migrationBuilder.DropTable(
                name: "user_tokens");

            migrationBuilder.DropTable(
                name: "view_marks");

            migrationBuilder.DropTable(
                name: "bulk_plans");

            migrationBuilder.DropTable(
                name: "gateways");

            migrationBuilder.DropTable(
                name: "inactivity_policies");

            migrationBuilder.DropTable(
                name: "key_bulks");

            migrationBuilder.DropTable(
                name: "reratings");

            migrationBuilder.DropTable(
                name: "rollouts");

            migrationBuilder.DropTable(
                name: "agent_keys");

            migrationBuilder.DropTable(
                name: "definition_versions");

            migrationBuilder.DropTable(
                name: "users");

            migrationBuilder.DropTable(
                name: "saved_views");

            migrationBuilder.DropTable(
                name: "agents");

            migrationBuilder.DropTable(
                name: "teams");

            migrationBuilder.DropTable(
                name: "organizations");
        }
    }
}
