using AgentConsole.Core.Common;
using AgentConsole.Core.Trail;

namespace AgentConsole.Web.Api;

/// <summary>A list as a download: written to the wire while it is read.</summary>
internal static class ExportAnswer
{
    /// <summary>Reads format and filter, asks for the export, and answers with the file or the refusal.</summary>
    public static async Task<IResult> AnswerExportAsync<TFilter, TRow>(
        this ListQuery query,
        Func<Func<string, string?>, FieldErrors, TFilter> parse,
        Func<Outcome<TFilter>, ListFormat, Task<Outcome<ListExport<TRow>>>> ask
    )
        where TFilter : notnull
    {
        var format = KebabCase.Read<ListFormat>(query["format"], "format", query.Errors) ?? ListFormat.Csv;
        var filter = parse(name => query[name], query.Errors);
        var granted = await ask(query.Errors.ToProblem() is { } problem ? problem : filter, format);
        return granted.Try(out var export, out _)
            ? new ExportStream(export.WriteToAsync, export.ContentType, export.FileName)
            : granted.ToAnswer();
    }
}
