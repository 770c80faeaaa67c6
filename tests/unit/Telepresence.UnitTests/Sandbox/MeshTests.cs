using System.Net;
using System.Net.Sockets;
using System.Text;
using Telepresence.Protocol.Agent;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.Sandbox;
using Telepresence.Sandbox.Network;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Sandbox;

/// <summary>The sandbox's traffic-agents, asked as a client asks them.</summary>
public sealed class MeshTests(SandboxFixture sandbox) : IClassFixture<SandboxFixture>
{
    private const int WhoAmI = 5000;

    private SandboxCluster Cluster => sandbox.Cluster;

    [Theory]
    [InlineData("echo-a")]
    [InlineData("echo-b")]
    public async Task A_connection_through_an_agent_comes_from_its_pod(string workload)
    {
        using var manager = Channel(Cluster.ManagerEndPoint!);
        var session = await ArriveAsync(manager, SandboxCluster.MeshNamespace);
        var agent = await AgentOfAsync(manager, session, workload);
        Assert.Equal(Cluster.PodAddresses(workload, SandboxCluster.MeshNamespace)[0], new IPAddress(agent.PodIp.Span));

        using var channel = Channel(agent);
        Assert.Equal("OSS Traffic Agent", (await new AgentClient(channel).Version()).Name);
        var peer = await AskAsync(channel, session, Cluster.ServiceAddress("whoami"));
        Assert.Equal(new IPAddress(agent.PodIp.Span).ToString(), peer);
    }

    [Fact]
    public async Task A_connection_through_the_manager_comes_from_the_managers_pod()
    {
        using var manager = Channel(Cluster.ManagerEndPoint!);
        var session = await ArriveAsync(manager, SandboxCluster.DemoNamespace);
        var call = new ManagerClient(manager).OpenTunnel();
        Assert.Equal(
            Cluster.State.Current.ManagerPodAddress.ToString(),
            await AskAsync(call, session, Cluster.ServiceAddress("whoami"))
        );
    }

    [Fact]
    public async Task A_loopback_address_answers_in_one_pod_and_is_refused_in_the_other()
    {
        using var manager = Channel(Cluster.ManagerEndPoint!);
        var session = await ArriveAsync(manager, SandboxCluster.MeshNamespace);
        var agent = await AgentOfAsync(manager, session, "echo-a");
        using var a = Channel(agent);
        var address = await new ManagerClient(manager).Lookup(
            new LookupRequest { Session = session, Name = "mesh.demo.svc.cluster.local." }
        );
        var mesh = new IPAddress(Assert.Single(address.Ips).Span);
        Assert.True(IPAddress.IsLoopback(mesh));
        Assert.Equal(new IPAddress(agent.PodIp.Span).ToString(), await AskAsync(a, session, mesh));

        using var b = Channel(await AgentOfAsync(manager, session, "echo-b"));
        Assert.Equal("rejected 111", await AskAsync(b, session, mesh));
        Assert.Equal(
            "rejected 111",
            await AskAsync(
                new ManagerClient(manager).OpenTunnel(),
                await ArriveAsync(manager, SandboxCluster.DemoNamespace),
                mesh
            )
        );
    }

    [Theory]
    [InlineData("echo-set", "StatefulSet")]
    [InlineData("echo-bare", "ReplicaSet")]
    [InlineData("echo-rollout", "Rollout")]
    public async Task A_workload_gets_its_agent_when_asked_for(string workload, string kind)
    {
        using var manager = Channel(Cluster.ManagerEndPoint!);
        var client = new ManagerClient(manager);
        var session = await ArriveAsync(manager, SandboxCluster.MeshNamespace);
        var snapshot = await client.EnsureAgent(new EnsureAgentRequest { Session = session, Name = workload });
        var agent = Assert.Single(snapshot.Agents);
        Assert.Equal((workload, kind), (agent.Name, agent.Kind));
        using var channel = Channel(await AgentOfAsync(manager, session, workload));
        Assert.Equal(agent.PodIp, await AskAsync(channel, session, Cluster.ServiceAddress("whoami")));
        Assert.Contains(WorkloadInfo.Types.Kind.Rollout, (await client.GetKnownWorkloadKinds(session)).Kinds);
    }

    [Fact]
    public async Task A_workload_that_is_not_there_is_NotFound()
    {
        using var manager = Channel(Cluster.ManagerEndPoint!);
        var session = await ArriveAsync(manager, SandboxCluster.MeshNamespace);
        await SessionTests.FailsAsync(
            StatusCode.NotFound,
            () =>
                new ManagerClient(manager)
                    .EnsureAgent(new EnsureAgentRequest { Session = session, Name = "nothing" })
                    .ResponseAsync
        );
    }

    private GrpcChannel Channel(AgentPodInfo agent)
    {
        // As a port-forward does: to a port of the pod.
        var pod = new IPEndPoint(new IPAddress(agent.PodIp.Span), agent.ApiPort);
        return new(async ct => new NetworkStream(
            await ((ClusterNetwork)Cluster.Dialer).DialTcpAsync(pod, ct),
            ownsSocket: true
        ));
    }

    private static GrpcChannel Channel(IPEndPoint endPoint) =>
        new(async ct =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(endPoint, ct);
            return new NetworkStream(socket, ownsSocket: true);
        });

    private static async Task<SessionInfo> ArriveAsync(GrpcChannel manager, string ns) =>
        await new ManagerClient(manager).ArriveAsClient(
            new ClientInfo
            {
                Name = "me@here",
                InstallId = "id",
                Product = "telepresence",
                Version = "v2.25.0",
                Namespace = ns,
            }
        );

    private static async Task<AgentPodInfo> AgentOfAsync(GrpcChannel manager, SessionInfo session, string workload)
    {
        using var watch = new ManagerClient(manager).WatchAgentPods(session);
        using var patience = new CancellationTokenSource(ManagerFixture.Patience);
        await foreach (var snapshot in watch.ReadAllAsync(patience.Token))
        {
            if (snapshot.Agents.FirstOrDefault(a => a.WorkloadName == workload) is { } agent)
            {
                return agent;
            }
        }
        throw new InvalidOperationException("The watch ended.");
    }

    private static Task<string> AskAsync(GrpcChannel agent, SessionInfo session, IPAddress whoAmI) =>
        AskAsync(new AgentClient(agent).OpenTunnel(), session, whoAmI);

    private static async Task<string> AskAsync(GrpcCall call, SessionInfo session, IPAddress whoAmI)
    {
        var id = new ConnId(IPEndPoint.Parse("10.0.0.1:1024"), new IPEndPoint(whoAmI, WhoAmI), ProtocolType.Tcp);
        var info = new StreamInfo(id, session.SessionId, TimeSpan.FromSeconds(2), ManagerFixture.Patience);
        using var tunnel = await TestTunnel.OpenAsync(call, info.ToByteArray());
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        var answer = await tunnel.NextAsync();
        if (answer!.Value.Code == TunnelMessageCode.DialReject)
        {
            return $"rejected {answer.Value.Body[0]}";
        }
        tunnel.CompleteRequest();
        var text = new StringBuilder();
        while (await tunnel.NextAsync() is { Code: TunnelMessageCode.Data } message)
        {
            text.Append(Encoding.ASCII.GetString(message.Body));
        }
        return text.ToString().TrimEnd('\n');
    }
}
