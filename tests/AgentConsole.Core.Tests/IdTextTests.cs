using System.Reflection;
using AgentConsole.Core.Common;

namespace AgentConsole.Core.Tests;

public sealed class IdTextTests
{
    [Fact]
    public void Every_prefix_that_is_printed_is_one_that_no_slug_begins_with_and_that_the_trail_reads()
    {
        var printed = typeof(IdText)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!)
            .ToList();

        Assert.Contains(IdText.BreakGlassUse, printed);
        Assert.Equal(IdText.Prefixes.Count, IdText.Prefixes.Distinct(StringComparer.Ordinal).Count());
        foreach (var prefix in printed)
        {
            Assert.Contains(prefix, IdText.Prefixes);
            Assert.NotNull(Texts.SlugFault(prefix + "_x"));
            var id = Guid.NewGuid();
            Assert.True(Core.Trail.TrailNames.TryParseId(IdText.Format(prefix, id), out var read));
            Assert.Equal(id, read);
        }
    }
}
