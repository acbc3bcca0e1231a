using System.Globalization;
using AgentConsole.Contracts;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace AgentConsole.Web.Api;

/// <summary>The description of the API at /openapi/v1.json, made from the endpoints themselves.</summary>
internal static class OpenApi
{
    private const string BearerScheme = "bearer";

    public static void AddConsoleOpenApi(this IServiceCollection services) =>
        services.AddOpenApi(
            "v1",
            options =>
            {
                options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
                options.AddDocumentTransformer(
                    (document, _, _) =>
                    {
                        document.Info = new OpenApiInfo
                        {
                            Title = "AgentConsole API",
                            Version = "v1",
                            Description =
                                "Register agents, give them keys, report and watch their runs. Every refusal is application/problem+json with a stable code.",
                        };
                        document.Servers = [];
                        document.Components ??= new OpenApiComponents();
                        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
                        document.Components.SecuritySchemes[BearerScheme] = new OpenApiSecurityScheme
                        {
                            Type = SecuritySchemeType.Http,
                            Scheme = "bearer",
                            Description = "An API token (act_…) or an agent key (ak_live_…).",
                        };
                        return Task.CompletedTask;
                    }
                );
                options.AddOperationTransformer(DescribeAsync);
            }
        );

    public static void MapConsoleOpenApi(this WebApplication app) =>
        app.MapOpenApi("/openapi/{documentName}.json").ExcludeFromDescription();

    /// <summary>The reference page at /docs. It comes out of the package's own files and works without internet; stands before routing.</summary>
    public static void UseConsoleReference(this WebApplication app) =>
        app.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "docs";
            ui.DocumentTitle = "AgentConsole API";
            ui.SwaggerEndpoint("/openapi/v1.json", "v1");
        });

    private static async Task DescribeAsync(
        OpenApiOperation operation,
        OpenApiOperationTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var access = metadata.OfType<ApiAccess>().LastOrDefault();
        operation.Responses ??= [];
        operation.RequestBody?.Content?.Remove(AcceptedBody.Any);
        if (metadata.OfType<DoneStatus>().LastOrDefault() is { Status: not 200 } done && operation.Responses.Remove("200", out var answer))
            operation.Responses[done.Status.ToString(CultureInfo.InvariantCulture)] = answer;
        AddExamples(operation, context);
        foreach (var parameter in metadata.OfType<QueryParameter>())
        {
            operation.Parameters ??= [];
            operation.Parameters.Add(
                new OpenApiParameter
                {
                    Name = parameter.Name,
                    In = ParameterLocation.Query,
                    Description = parameter.Description,
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                }
            );
        }
        var problems = new List<(int Status, string Text)>();
        if (access is { Anonymous: false })
        {
            operation.Security =
            [
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(BearerScheme, context.Document)] = [] },
            ];
            problems.Add(
                (
                    401,
                    "`sign_in_required`, `token_unknown`, `token_expired`, `token_revoked`, `owner_disabled`, `key_unknown`, `key_disabled`, `key_revoked`, `key_expired`, `agent_deleted`"
                )
            );
            problems.Add((403, "`scope_missing`, `role_missing`, `agents_not_allowed`, `agent_paused`, `organization_suspended`"));
            problems.Add((503, "`store_unconfirmed`"));
            if (access.Scope is { } scope)
                operation.Description = string.Join(
                    "\n\n",
                    new[] { operation.Description, $"Needs the scope `{scope}`." }.Where(t => !string.IsNullOrEmpty(t))
                );
        }
        if (operation.RequestBody is not null || operation.Parameters is { Count: > 0 })
            problems.Add((400, "`invalid` with `errors` naming each field; `content_type_unsupported`"));
        if (context.Description.RelativePath?.Contains('{', StringComparison.Ordinal) == true)
            problems.Add((404, "`…_not_found`: it does not exist, or you may not see it"));
        if (context.Description.HttpMethod is "POST" or "PATCH" or "PUT" or "DELETE")
        {
            problems.Add((409, "`changed_meanwhile`, `idempotency_key_reused`, or a conflict named in the description"));
            problems.Add((413, "`body_too_large`"));
            operation.Parameters ??= [];
            operation.Parameters.Add(
                new OpenApiParameter
                {
                    Name = Retries.Header,
                    In = ParameterLocation.Header,
                    Description = "1 to 200 visible ASCII characters. The same write sent again within 24 hours gets the same answer.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                }
            );
        }
        if (problems.Count == 0)
            return;
        var schema = await context.GetOrCreateSchemaAsync(typeof(ProblemBody), null, cancellationToken);
        context.Document?.AddComponent("Problem", schema);
        foreach (var (status, text) in problems)
        {
            operation.Responses.TryAdd(
                status.ToString(CultureInfo.InvariantCulture),
                new OpenApiResponse
                {
                    Description = text,
                    Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                    {
                        [ProblemHttp.ContentType] = new() { Schema = new OpenApiSchemaReference("Problem", context.Document) },
                    },
                }
            );
        }
    }

    private static void AddExamples(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var sent = context.Description.ActionDescriptor.EndpointMetadata.OfType<IAcceptsMetadata>().LastOrDefault()?.RequestType;
        foreach (var media in operation.RequestBody?.Content?.Values ?? [])
            media.Example ??= OpenApiExamples.For(sent);
        var answered = context.Description.SupportedResponseTypes.FirstOrDefault(t => t.StatusCode is >= 200 and < 300)?.Type;
        foreach (var (status, response) in operation.Responses ?? [])
        {
            if (!status.StartsWith('2'))
                continue;
            foreach (var media in response.Content?.Values ?? [])
                media.Example ??= OpenApiExamples.For(answered);
        }
    }
}
