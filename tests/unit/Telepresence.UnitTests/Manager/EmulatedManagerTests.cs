using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Engine.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.Sandbox;
using Telepresence.TrafficManager.Compatibility;

namespace Telepresence.UnitTests.Manager;

/// <summary>The engine's side of a session against the traffic-managers and agents of several releases.</summary>
public class EmulatedManagerTests
{
    private const string Workload = "echo-a";

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;

    [Theory]
    [InlineData("2.20", false)]
    [InlineData("2.22", false)]
    [InlineData("2.25", true)]
    [InlineData("2.31", true)]
    public async Task Subnets_names_tunnels_and_agents_are_had_of_every_release(string release, bool tellsBothFamilies)
    {
        await using var sandbox = await SandboxCluster.StartAsync(
            new SandboxOptions
            {
                Emulate = ManagerRelease.Parse(release),
                ServiceSubnets = [SandboxOptions.DefaultServiceSubnet, SandboxOptions.DefaultServiceSubnet6],
                PodSubnets = [SandboxOptions.DefaultPodSubnet, SandboxOptions.DefaultPodSubnet6],
            },
            Deadline
        );
        var options = new ManagerConnectionOptions
        {
            Name = "me@here",
            InstallId = "id",
            Namespace = SandboxCluster.MeshNamespace,
            ManagerNamespace = "ambassador",
        };
        await using var connection = await ManagerConnection.OpenAsync(
            ct => ConnectAsync(sandbox.ManagerEndPoint!, ct),
            options,
            Deadline
        );
        Assert.Equal(ManagerRelease.Parse(release).Name, connection.ManagerVersion);

        await using var infos = connection.WatchClusterInfoAsync(Deadline).GetAsyncEnumerator();
        Assert.True(await infos.MoveNextAsync());
        Assert.Equal(
            tellsBothFamilies ? sandbox.ServiceSubnets : sandbox.ServiceSubnets.Take(1),
            infos.Current.ServiceSubnets
        );
        Assert.Equal(sandbox.PodSubnets, infos.Current.PodSubnets);
        Assert.Equal("cluster.local.", infos.Current.ClusterDomain);
        Assert.Equal(tellsBothFamilies ? null : IPAddress.Parse("10.96.0.10"), infos.Current.KubeDnsAddress);

        var (code, records) = await connection.Resolver.LookupAsync("web.demo.svc.cluster.local.", 1, Deadline);
        Assert.Equal(0, code);
        Assert.False(records.IsEmpty);

        var web = new IPEndPoint(sandbox.ServiceAddress("web"), 80);
        await DialsAsync(connection.Tunnels, web);
        await using var agents = new WorkloadAgents(
            new AgentOptions { Namespace = options.Namespace, Workloads = [Workload] },
            (pod, ct) => OpenAsync(sandbox, pod, ct),
            NullLogger<WorkloadAgents>.Instance
        );
        await agents.EnsureAsync(connection, Deadline);
        using var agent = agents.DialerFor(Workload);
        Assert.NotNull(agent);
        await DialsAsync(agent, web);
    }

    private static async Task DialsAsync(ITunnelDialer dialer, IPEndPoint destination)
    {
        var id = new ConnId(IPEndPoint.Parse("10.0.0.1:1024"), destination, ProtocolType.Tcp);
        using var tunnel = await dialer.OpenAsync(id, Deadline);
        Assert.Equal(DialOutcome.Connected, (await tunnel.DialResult.WaitAsync(Deadline)).Outcome);
    }

    /// <summary>As a port-forward does: to the pod's port in the cluster's network.</summary>
    private static async ValueTask<Stream> OpenAsync(SandboxCluster sandbox, AgentPod pod, CancellationToken token)
    {
        var address = sandbox.PodAddresses(Workload, pod.Namespace)[0];
        var socket = await sandbox.Dialer.DialTcpAsync(new IPEndPoint(address, pod.Port), token);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async ValueTask<Stream> ConnectAsync(IPEndPoint endPoint, CancellationToken token)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint, token);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
