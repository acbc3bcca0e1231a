using System.Globalization;
using System.Text;
using AgentConsole.Contracts;
using AgentConsole.Core.Common;
using AgentConsole.Core.Definitions;
using AgentConsole.Core.People;
using AgentConsole.Web.Api;
using Microsoft.Net.Http.Headers;

namespace AgentConsole.Web.Definitions;

/// <summary>Definitions over REST, as JSON and as YAML.</summary>
internal static class DefinitionApi
{
    private const string Yaml = "application/yaml";

    public static RouteGroupBuilder MapDefinitionApi(this RouteGroupBuilder api)
    {
        var definitions = api.MapGroup("/agents/{agent}/definitions").WithTags("Definitions");
        definitions
            .MapGet("", ListAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .ListsBy()
            .WithName("ListDefinitions")
            .WithSummary("List the versions of an agent's definition, newest first");
        definitions
            .MapGet("/{number}", GetAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .Takes(
                "format",
                "`yaml`: the definition alone, as YAML; `json`, or absent, the body described here. `Accept: application/yaml` asks for the same."
            )
            .WithName("GetDefinition")
            .WithSummary("Read one version of an agent's definition; `latest` is the newest")
            .WithDescription("As YAML it is the text that was given, comments included, where that was YAML.");
        definitions
            .MapPost("", SaveAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .AnswersWith(saved => saved is DefinitionBody { Unchanged: true } ? StatusCodes.Status200OK : StatusCodes.Status201Created)
            .WithMetadata(AcceptedBody.Of<SaveDefinition>("application/json", Yaml))
            .Takes("note", "With a YAML body: what changed, and why.")
            .Takes("based_on", "With a YAML body: the number that was read before the change, 0 where there was none.")
            .WithName("SaveDefinition")
            .WithSummary("Save a definition as a new number; one that says the same as the newest changes nothing")
            .WithDescription(
                "201 with the new number, or 200 with the newest where that says the same. With `based_on`, 409 `definition_saved_meanwhile` when somebody saved since. Errors name the path, and in YAML the line."
            );
        definitions
            .MapPost("/validate", ValidateAsync)
            .NeedsPerson(TokenScopes.DeploymentsWrite)
            .WithMetadata(AcceptedBody.Of<SaveDefinition>("application/json", Yaml))
            .WithName("ValidateDefinition")
            .WithSummary("Check a definition and say how it differs from the newest; writes nothing")
            .WithDescription("200 for whatever can be read: `valid` says whether it could be saved, `errors` why not.");
        definitions
            .MapGet("/{from}/diff/{to}", DiffAsync)
            .NeedsPerson(TokenScopes.DeploymentsRead)
            .WithName("DiffDefinitions")
            .WithSummary("How one version of a definition differs from another; each a number, or `latest`")
            .WithDescription(
                "Objects are compared member by member; `tools`, `gateways` and `secrets` by name, whatever their order; anything else as a whole."
            );
        return api;
    }

    private static Task<Answer<Page<DefinitionSummary>>> ListAsync(
        string agent,
        ListQuery query,
        CurrentActor actor,
        DefinitionService definitions,
        CancellationToken cancellationToken
    ) => query.AnswerAsync((_, _) => true, (_, page) => definitions.ListAsync(actor, agent, page, cancellationToken));

    private static async Task<IResult> GetAsync(
        string agent,
        string number,
        ListQuery query,
        CurrentActor actor,
        DefinitionService definitions,
        HttpContext context,
        CancellationToken cancellationToken
    )
    {
        var errors = query.Errors;
        var format = KebabCase.Read<DefinitionFormat>(query["format"], "format", errors);
        var found = await definitions.GetAsync(actor, agent, number, cancellationToken);
        if (found.Problem is null && errors.ToProblem() is { } invalid)
            found = invalid;
        var asYaml = format is null
            ? context.Request.GetTypedHeaders().Accept.Any(type => type.MediaType.Equals(Yaml, StringComparison.OrdinalIgnoreCase))
            : format == DefinitionFormat.Yaml;
        if (!asYaml || !found.Try(out var definition, out _))
            return found.ToAnswer();
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Vary = HeaderNames.Accept;
        return Results.Text(DefinitionContent.TextOf(definition, DefinitionFormat.Yaml), Yaml + "; charset=utf-8");
    }

    private static async Task<Answer<DefinitionBody>> SaveAsync(
        string agent,
        ListQuery query,
        CurrentActor actor,
        DefinitionService definitions,
        HttpContext context,
        CancellationToken cancellationToken
    ) => (await definitions.SaveAsync(actor, agent, await ReadAsync(query, context), cancellationToken)).ToAnswer();

    private static async Task<Answer<DefinitionCheck>> ValidateAsync(
        string agent,
        ListQuery query,
        CurrentActor actor,
        DefinitionService definitions,
        HttpContext context,
        CancellationToken cancellationToken
    ) => (await definitions.ValidateAsync(actor, agent, await ReadAsync(query, context), cancellationToken)).ToAnswer();

    private static async Task<Answer<DefinitionDiff>> DiffAsync(
        string agent,
        string from,
        string to,
        CurrentActor actor,
        DefinitionService definitions,
        CancellationToken cancellationToken
    ) => (await definitions.DiffAsync(actor, agent, from, to, cancellationToken)).ToAnswer();

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static async Task<Outcome<DefinitionInput>> ReadAsync(ListQuery query, HttpContext context)
    {
        var bytes = await RequestBody.ReadAsync(context);
        if (bytes.Problem is { } problem)
            return problem;
        var type = context.Request.ContentType;
        if (type is null || type.Contains("json", StringComparison.OrdinalIgnoreCase))
        {
            var body = RequestBody.Parse<SaveDefinition>(bytes.Value.IsEmpty ? "{}"u8 : bytes.Value.Span);
            return body.Try(out var save, out var malformed) ? DefinitionInput.Of(save) : malformed;
        }
        if (!type.Contains("yaml", StringComparison.OrdinalIgnoreCase))
            return new Problem(
                ProblemKind.Invalid,
                "content_type_unsupported",
                "Send JSON with Content-Type: application/json, or YAML with application/yaml."
            );
        int? basedOn = null;
        if (query["based_on"] is { } number)
        {
            if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var read))
                basedOn = read;
            else
                query.Errors.Add("based_on", "Must be a number of this agent's definition, or 0.");
        }
        var note = query["note"];
        if (query.Errors.ToProblem() is { } invalid)
            return invalid;
        try
        {
            return new DefinitionInput(Strict.GetString(bytes.Value.Span).TrimStart('\uFEFF'), DefinitionFormat.Yaml, note, basedOn);
        }
        catch (DecoderFallbackException)
        {
            return Problem.Invalid(DefinitionContent.Field, "Is not UTF-8.");
        }
    }
}
