using System.Runtime.InteropServices;
using Telepresence.TrafficManager;
using Telepresence.TrafficManager.Pod;

using var loggerFactory = LoggerFactory.Create(logging =>
    logging.AddSimpleConsole(console => console.SingleLine = true)
);
PodEnvironment environment;
try
{
    environment = PodEnvironment.Read(
        Environment.GetEnvironmentVariable,
        File.Exists("/etc/resolv.conf") ? await File.ReadAllTextAsync("/etc/resolv.conf") : "",
        loggerFactory
    );
}
catch (FormatException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}
var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
await using var server = await TrafficManagerServer.StartAsync(environment.Options);
await Console.Out.WriteLineAsync($"Traffic-manager {environment.Options.Version} listens on {server.EndPoint}");
await stop.Task;
return 0;

void Stop(PosixSignalContext context)
{
    // The default action would end the process before its calls.
    context.Cancel = true;
    stop.TrySetResult();
}
