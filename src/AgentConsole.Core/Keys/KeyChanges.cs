using AgentConsole.Core.Common;

namespace AgentConsole.Core.Keys;

/// <summary>What can be done to a version; null also where it stands so already.</summary>
internal static class KeyChanges
{
    public static Problem? Disable(KeyVersion version, DateTimeOffset now, string? reason)
    {
        if (version.State is KeyState.Revoked or KeyState.Expired)
            return KeyProblems.State("disabled", version.State);
        if (version.State == KeyState.Disabled)
            return null;
        version.State = KeyState.Disabled;
        version.DisabledAt = now;
        version.Reason = reason;
        return null;
    }

    public static Problem? Enable(KeyVersion version, DateTimeOffset now, string? reason)
    {
        if (version.State is KeyState.Active or KeyState.Retiring)
            return null;
        if (version.State != KeyState.Disabled)
            return KeyProblems.State("enabled", version.State);
        if (version.ExpiresAt <= now)
            return KeyProblems.State("enabled", KeyState.Expired);
        if (version.LeakReportedAt is not null && reason is null)
            return Problem.Invalid("reason", "This version was reported as leaked. Say why it may be trusted again.");
        if (version.RetiresAt <= now)
            version.RetiresAt = null;
        version.State = version.RetiresAt is null ? KeyState.Active : KeyState.Retiring;
        version.DisabledAt = null;
        version.Reason = reason;
        return null;
    }

    public static Problem? Revoke(KeyVersion version, DateTimeOffset now, string? reason)
    {
        if (version.State == KeyState.Revoked)
            return null;
        version.State = KeyState.Revoked;
        version.RevokedAt = now;
        version.Reason = reason;
        return null;
    }
}
