using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Telepresence.Peers.Load;
using Telepresence.Peers.Report;
using Telepresence.Sandbox;
using Telepresence.Sandbox.Network;

namespace Telepresence.Peers.Lab;

/// <summary>The embedded cluster, with the load server behind one of its services. Lives as long as its input.</summary>
internal static class BenchSandbox
{
    /// <summary>Name of the service, with the names that it has for clients.</summary>
    public const string Service = "echo";

    public static async Task<int> RunAsync(string listen)
    {
        var sandbox = await SandboxCluster
            .StartAsync(new SandboxOptions { Listen = IPEndPoint.Parse(listen) })
            .ConfigureAwait(false);
        await using (sandbox.ConfigureAwait(false))
        {
            var address = sandbox.ServiceAddress(Service);
            var network = (ClusterNetwork)sandbox.Dialer;
            foreach (var workstation in (string[])[Ways.Forwarded, Ways.Upstream])
            {
                Map(LoadPorts.Bulk(Lab.Network.Index(workstation)), ProtocolType.Tcp);
            }
            Map(LoadPorts.Echo, ProtocolType.Tcp);
            Map(LoadPorts.Sink, ProtocolType.Udp);
            var ready = new SandboxReady(sandbox.KubeconfigPath, address.ToString());
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(ready)).ConfigureAwait(false);
            await Console.In.ReadToEndAsync().ConfigureAwait(false);

            void Map(int port, ProtocolType protocol) =>
                network.Map(address, port, protocol, new IPEndPoint(IPAddress.Loopback, port));
        }
        return 0;
    }
}

/// <summary>What the sandbox's process tells when it is ready.</summary>
/// <param name="Address">Of the service with the load server.</param>
internal sealed record SandboxReady(string Kubeconfig, string Address);
