using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.TrafficManager;
using Telepresence.TrafficManager.Pod;

namespace Telepresence.TestEngine;

/// <summary>The traffic-manager as a pod runs it, except that its DialReject says nothing, as upstream's.</summary>
internal static class ManagerCommand
{
    public static async Task<int> RunAsync()
    {
        var environment = PodEnvironment.Read(
            Environment.GetEnvironmentVariable,
            await File.ReadAllTextAsync("/etc/resolv.conf").ConfigureAwait(false),
            new LogLevelSwitch(LogLevel.None),
            NullLoggerFactory.Instance
        );
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminate = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM,
            signal =>
            {
                signal.Cancel = true;
                stop.TrySetResult();
            }
        );
        var options = environment.Options with { EmptyDialReject = true };
        var server = await TrafficManagerServer.StartAsync(options).ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            await Console.Out.WriteLineAsync($"listens on {server.EndPoint}").ConfigureAwait(false);
            await stop.Task.ConfigureAwait(false);
        }
        return 0;
    }
}
