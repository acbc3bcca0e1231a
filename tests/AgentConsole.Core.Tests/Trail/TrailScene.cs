using System.Data.Common;
using AgentConsole.Core.Common;
using AgentConsole.Core.Data;
using AgentConsole.Core.People;
using AgentConsole.Core.Trail;

namespace AgentConsole.Core.Tests.Trail;

/// <summary>A trail with something on it, and a hand that reaches into the table past the console.</summary>
internal static class TrailScene
{
    public static async Task WriteAsync(this TestHouse house, Actor by, string action, TrailTarget? target = null, string? reason = null)
    {
        await using var write = await house.Get<ConsoleStore>().WriteAsync(TestHouse.Stop);
        write.Trail(by, action, target, before: new { name = "old" }, after: new { name = "new" }, reason: reason);
        Assert.True(await write.TryCommitAsync(TestHouse.Stop));
    }

    /// <summary>Ten records of Ines about agents of payments, witnessed.</summary>
    public static async Task TenRecordsAsync(this TestHouse house)
    {
        for (var i = 1; i <= 10; i++)
        {
            house.Clock.Advance(TimeSpan.FromMinutes(1));
            await house.WriteAsync(
                house.As(house.Cast.Ines),
                "agent.edited",
                new TrailTarget("agent", house.Get<IdSource>().Next(), $"mailroom-{i}", house.Cast.Payments),
                reason: "a test"
            );
        }
        await house.Get<TrailWitness>().StepAsync(TestHouse.Stop);
    }

    public static async Task<TrailVerdict> VerifyAsync(this TestHouse house)
    {
        var report = await house.Get<TrailVerifier>().VerifyAsync(house.Cast.Acme, TestHouse.Stop);
        Assert.Empty(report.Faults);
        return Assert.Single(report.Chains);
    }

    public static async Task<int> SqlAsync(this TestHouse house, string sql, params object[] values)
    {
        await using var connection = await house.Engine.OpenAsync(TestHouse.Stop);
        await using var command = Command(connection, sql, values);
        return await command.ExecuteNonQueryAsync(TestHouse.Stop);
    }

    public static async Task<object?> ScalarAsync(this TestHouse house, string sql, params object[] values)
    {
        await using var connection = await house.Engine.OpenAsync(TestHouse.Stop);
        await using var command = Command(connection, sql, values);
        return await command.ExecuteScalarAsync(TestHouse.Stop);
    }

    public static object Stored(this TestHouse house, Guid id) => house.Engine.StoresGuidsAsBytes ? id.ToByteArray(true) : id;

    private static DbCommand Command(DbConnection connection, string sql, object[] values)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // of the tests
        command.CommandText = sql;
#pragma warning restore CA2100
        for (var i = 0; i < values.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = "p" + i;
            parameter.Value = values[i];
            command.Parameters.Add(parameter);
        }
        return command;
    }
}
