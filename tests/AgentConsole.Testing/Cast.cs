using AgentConsole.Core.People;

namespace AgentConsole.Testing;

/// <summary>The people of every test. Organization <em>Acme</em> has the teams <c>default</c>, <c>payments</c> and <c>research</c>; <em>Globex</em> is another organization.</summary>
public sealed class Cast
{
    public required Guid Acme { get; init; }
    public required Guid Globex { get; init; }
    public required Guid Default { get; init; }
    public required Guid Payments { get; init; }
    public required Guid Research { get; init; }
    public required Guid GlobexDefault { get; init; }

    /// <summary>May do everything in Acme.</summary>
    public required Person Olga { get; init; }

    /// <summary>Reads everything in Acme, changes nothing.</summary>
    public required Person Aude { get; init; }

    /// <summary>Operator and key-admin in payments.</summary>
    public required Person Ines { get; init; }

    /// <summary>Operator in payments, no keys.</summary>
    public required Person Otto { get; init; }

    /// <summary>Approver in payments.</summary>
    public required Person Alma { get; init; }

    /// <summary>Key-admin in payments, nothing else.</summary>
    public required Person Kurt { get; init; }

    /// <summary>Team-admin of payments.</summary>
    public required Person Tara { get; init; }

    /// <summary>Viewer in payments: looks, and changes nothing.</summary>
    public required Person Victor { get; init; }

    /// <summary>Team-admin of research: a stranger to payments.</summary>
    public required Person Sara { get; init; }

    /// <summary>A user of Acme without any role.</summary>
    public required Person Nobody { get; init; }

    /// <summary>May do everything in Globex, and nothing in Acme.</summary>
    public required Person Gus { get; init; }

    public IEnumerable<Person> All => [Olga, Aude, Ines, Otto, Alma, Kurt, Tara, Victor, Sara, Nobody, Gus];
}

/// <summary>One of the cast.</summary>
/// <param name="SessionId">A session that was opened for the person and lasts 12 hours.</param>
public sealed record Person(Guid Id, Guid OrganizationId, string Name, string Email, Guid SessionId)
{
    /// <summary>The password of everybody in the cast.</summary>
    public const string Password = "correct horse battery";
}
