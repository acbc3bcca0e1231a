using System.Runtime.InteropServices;
using AgentConsole.SampleFleet;
using AgentConsole.SampleFleet.Client;

const int WrongArguments = 2;
const int Refused = 3;

FleetArguments arguments;
try
{
    arguments = FleetArguments.Read(args, Environment.GetEnvironmentVariable, Console.In);
}
catch (FormatException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    await Console.Error.WriteLineAsync(FleetArguments.Usage);
    return WrongArguments;
}

using var stop = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
if (arguments.EndsWithInput)
{
    // Whoever started the fleet holds the other end of its input: when that closes, however it came about, the fleet ends too.
    new Thread(() =>
    {
        while (Console.In.ReadLine() is not null) { }
        stop.Cancel();
    })
    {
        IsBackground = true,
        Name = "end of input",
    }.Start();
}

try
{
    if (arguments.Remove)
    {
        await Fleet.RemoveAsync(arguments.Options, Console.Out, TimeProvider.System, stop.Token);
        return Fleet.Done;
    }
    return await Fleet.RunAsync(arguments.Options, Console.Out, TimeProvider.System, stop.Token);
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return Fleet.Done;
}
catch (Exception e) when (e is ConsoleRefusal or HttpRequestException or InvalidDataException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return Refused;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
