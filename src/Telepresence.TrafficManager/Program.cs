using System.Runtime.InteropServices;
using Telepresence.Kubernetes;
using Telepresence.TrafficManager;
using Telepresence.TrafficManager.Agents;
using Telepresence.TrafficManager.Pod;

// One image, two commands: the traffic-manager, with --emulate RELEASE as an upstream one, and with "agent" the traffic-agent.
var logLevel = new LogLevelSwitch(LogLevel.Information);
using var loggerFactory = LoggerFactory.Create(logging =>
    logging
        .SetMinimumLevel(LogLevel.Trace)
        .AddFilter(logLevel.IsEnabled)
        .AddSimpleConsole(console => console.SingleLine = true)
);
using var stopping = new CancellationTokenSource();
var stop = Task.Delay(Timeout.Infinite, stopping.Token);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
var resolvConf = File.Exists("/etc/resolv.conf") ? await File.ReadAllTextAsync("/etc/resolv.conf") : "";
try
{
    switch (args)
    {
        case []:
            await RunManagerAsync(Environment.GetEnvironmentVariable);
            return 0;
        case ["--emulate", var release]:
            await RunManagerAsync(name =>
                name == PodEnvironment.CompatibilityVersion ? release : Environment.GetEnvironmentVariable(name)
            );
            return 0;
        case ["agent"]:
            await RunAgentAsync();
            return 0;
        default:
            await Console.Error.WriteLineAsync(
                "Give no argument or --emulate RELEASE for the traffic-manager, or 'agent' for an agent."
            );
            return 2;
    }
}
catch (FormatException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}

async Task RunManagerAsync(Func<string, string?> variable)
{
    var environment = PodEnvironment.Read(variable, resolvConf, logLevel, loggerFactory);
    var cluster = ServiceAccount.TryRead(new KubeconfigOptions());
    ManagerPod pod;
    try
    {
        pod = await ManagerPod.StartAsync(environment, cluster, stopping.Token);
    }
    catch (OperationCanceledException) when (stopping.IsCancellationRequested)
    {
        return;
    }
    await using (pod)
    {
        await Console.Out.WriteLineAsync(
            $"Traffic-manager {environment.Options.Version} listens on {pod.Server.EndPoint}"
        );
        await stop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}

async Task RunAgentAsync()
{
    var options = AgentEnvironment
        .Read(Environment.GetEnvironmentVariable, resolvConf, logLevel, loggerFactory)
        .Options;
    await using var server = await TrafficAgentServer.StartAsync(options);
    await Console.Out.WriteLineAsync($"Traffic-agent {options.Version} listens on {server.EndPoint}");
    await stop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}

void Stop(PosixSignalContext context)
{
    // The default action would end the process before its calls.
    context.Cancel = true;
    stopping.Cancel();
}
