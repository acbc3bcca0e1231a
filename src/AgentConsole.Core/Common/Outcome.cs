using System.Diagnostics.CodeAnalysis;

namespace AgentConsole.Core.Common;

/// <summary>Either a value or an expected refusal. Faults are exceptions.</summary>
public readonly struct Outcome<T>
{
    private readonly T? _value;

    private Outcome(T? value, Problem? problem)
    {
        _value = value;
        Problem = problem;
    }

    /// <summary>The refusal; null when <see cref="Value"/> may be read.</summary>
    public Problem? Problem { get; }

    public T Value => Problem is null ? _value! : throw new InvalidOperationException($"No value: {Problem.Code}");

    public bool Try([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out Problem? problem)
    {
        value = _value;
        problem = Problem;
        return problem is null;
    }

    public Outcome<TOther> Map<TOther>(Func<T, TOther> map) => Problem is { } problem ? problem : map(_value!);

    [SuppressMessage("Usage", "CA2225", Justification = "A value is an outcome wherever one is expected.")]
    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Problem problem) => new(default, problem);
}

/// <summary>The value of an operation that answers nothing but "done".</summary>
public readonly record struct Done;
