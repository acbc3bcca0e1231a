using System.Reflection;
using AgentConsole.Core.Common;

namespace AgentConsole.Web.Api;

/// <summary>The query of a list: values by name, each at most once, with what was wrong collected by field.</summary>
internal sealed class ListQuery(HttpContext context) : IBindableFromHttpContext<ListQuery>
{
    public FieldErrors Errors { get; } = new();

    /// <summary>The value of a name, or null; a name that is given twice is an error.</summary>
    public string? this[string name]
    {
        get
        {
            var values = context.Request.Query[name];
            if (values.Count > 1)
                Errors.Add(name, "Give this once.");
            return values.Count == 0 || string.IsNullOrEmpty(values[0]) ? null : values[0];
        }
    }

    public PageRequest Page => PageRequest.Read(this["limit"], this["cursor"], Errors);

    /// <summary>Reads the filter and asks for the page, unless something in the query is wrong.</summary>
    public async Task<Answer<Contracts.Page<TRow>>> AnswerAsync<TFilter, TRow>(
        Func<Func<string, string?>, FieldErrors, TFilter> parse,
        Func<TFilter, PageRequest, Task<Outcome<Paged<TRow>>>> ask
    )
    {
        var filter = parse(name => this[name], Errors);
        var page = Page;
        return Errors.ToProblem() is { } problem ? new Answer<Contracts.Page<TRow>>(problem) : (await ask(filter, page)).ToAnswer();
    }

    public static ValueTask<ListQuery?> BindAsync(HttpContext context, ParameterInfo parameter) =>
        ValueTask.FromResult<ListQuery?>(new ListQuery(context));
}

/// <summary>Names a query parameter of an endpoint for the API's description.</summary>
internal sealed record QueryParameter(string Name, string Description);

internal static class QueryParameterExtensions
{
    /// <param name="parameters">Name and description of each, without <c>limit</c> and <c>cursor</c>.</param>
    public static TBuilder ListsBy<TBuilder>(this TBuilder endpoint, params (string Name, string Description)[] parameters)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata([
            .. parameters.Select(p => (object)new QueryParameter(p.Name, p.Description)),
            new QueryParameter("limit", $"Rows a page, 1 to {PageRequest.MaxLimit}; 50 when absent."),
            new QueryParameter("cursor", "`next_cursor` of the page before."),
        ]);

    public static TBuilder Takes<TBuilder>(this TBuilder endpoint, string name, string description)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new QueryParameter(name, description));
}
