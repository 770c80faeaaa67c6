using System.Net;
using System.Net.Sockets;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox.Workloads;

/// <summary>What the container <c>worker</c> does as long as it runs: takes jobs off the queue and says that they are done.</summary>
internal static class JobWorker
{
    public static async Task RunAsync(IClusterDialer network, IPEndPoint queue, CancellationToken cancellationToken)
    {
        using var socket = await network.DialTcpAsync(queue, cancellationToken).ConfigureAwait(false);
        var stream = new NetworkStream(socket, ownsSocket: false);
        await using (stream.ConfigureAwait(false))
        {
            using var reader = new StreamReader(stream);
            var writer = new StreamWriter(stream) { AutoFlush = true, NewLine = "\n" };
            await using (writer.ConfigureAwait(false))
            {
                while (true)
                {
                    await writer.WriteLineAsync("POP".AsMemory(), cancellationToken).ConfigureAwait(false);
                    if (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is not { } job)
                    {
                        return;
                    }
                    await writer
                        .WriteLineAsync($"DONE worker {job}".AsMemory(), cancellationToken)
                        .ConfigureAwait(false);
                    await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }
}
