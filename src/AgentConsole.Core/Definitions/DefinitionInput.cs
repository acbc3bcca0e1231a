using AgentConsole.Contracts;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Definitions;

/// <summary>A definition that somebody wants to save or to have checked.</summary>
/// <param name="BasedOn">The number that was read before, 0 for none; null where that does not matter.</param>
public sealed record DefinitionInput(string Text, DefinitionFormat Format, string? Note = null, int? BasedOn = null)
{
    /// <summary>The text is a member of a larger body: its paths begin there, and its lines are not those of the body.</summary>
    public bool IsMember { get; private init; }

    public static Outcome<DefinitionInput> Of(SaveDefinition body) =>
        body.Definition is { } definition
            ? new DefinitionInput(definition.GetRawText(), DefinitionFormat.Json, body.Note, body.BasedOn) { IsMember = true }
            : Problem.Invalid(DefinitionContent.Field, "This is required: a JSON object.");

    internal DefinitionContent? Read(FieldErrors errors) =>
        DefinitionContent.Read(Text, Format, errors, IsMember ? DefinitionContent.Field + "." : "", withLines: !IsMember);
}
