using System.Net;
using System.Net.Sockets;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Compatibility;

namespace Telepresence.UnitTests.TrafficManager.Compatibility;

public class EmulationTests
{
    private static readonly string[] Deltas =
    [
        "WatchAgentPodsDelta",
        "WatchAgentsDelta",
        "WatchInterceptsDelta",
        "WatchAgentPodsInNamespacesDelta",
        "WatchSessionEvents",
    ];

    private static readonly string[] Of25 = ["ReconnectClient", "ReconnectAgent", "Lookup"];

    private static readonly string[] GoneBy31 =
    [
        "WatchDial",
        "WatchAgentsNS",
        "WatchLookupDNS",
        "AgentLookupDNSResponse",
    ];

    private static readonly string[] Always =
    [
        "GetKnownWorkloadKinds",
        "WatchClusterInfo",
        "WatchAgentPods",
        "WatchAgents",
        "WatchWorkloads",
        "LookupDNS",
        "EnsureAgent",
        "Remain",
        "GetIntercept",
        "ReviewIntercept",
        "ArriveAsAgent",
        "GetAgentImageFQN",
        "SetLogLevel",
    ];

    /// <summary>Upstream's traffic-manager does not answer them in any release either.</summary>
    private static readonly string[] Never = ["GetLicense", "CanConnectAmbassadorCloud", "GetCloudConfig"];

    public static TheoryData<string, string[]> Releases =>
        new()
        {
            { "2.20", [.. Deltas, .. Of25, "GetAgentConfig", "UninstallAgents"] },
            { "2.22", [.. Deltas, .. Of25] },
            { "2.25", Deltas },
            { "2.31", GoneBy31 },
        };

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_release_answers_Unimplemented_for_what_it_has_not(string release, string[] missing)
    {
        await using var manager = await StartAsync(release);
        Assert.Equal(release, (await manager.Client.Version()).Version[1..5]);
        foreach (var name in Enumerable.Concat([.. Deltas, .. Of25, .. GoneBy31, .. Always], Never))
        {
            var isMissing = missing.Contains(name) || Never.Contains(name);
            Assert.Equal((name, isMissing), (name, await StatusAsync(manager, name) == StatusCode.Unimplemented));
        }
    }

    [Fact]
    public async Task Without_a_release_everything_is_there()
    {
        await using var manager = await ManagerFixture.StartAsync();
        foreach (var name in (string[])[.. Deltas, .. Of25, .. GoneBy31, .. Always, "GetAgentConfig"])
            Assert.NotEqual((name, StatusCode.Unimplemented), (name, await StatusAsync(manager, name)));
    }

    [Theory]
    [InlineData("2.20", "0A-60-00-0A")]
    [InlineData("2.22", "0A-60-00-0A")]
    [InlineData("2.22.5", "0A-60-00-00-10", "FD-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-70")]
    [InlineData("2.25", "0A-60-00-00-10", "FD-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-70")]
    [InlineData("2.31", "0A-60-00-00-10", "FD-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-70")]
    public async Task Field_1_of_ClusterInfo_is_DNS_at_first_and_subnets_later(string release, params string[] expected)
    {
        await using var manager = await StartAsync(release);
        manager.Current = manager.Current with { DnsAddress = IPAddress.Parse("10.96.0.10") };
        using var watch = manager.Client.WatchClusterInfo(await manager.ArriveAsync());
        var info = await FirstAsync(watch);
        Assert.Equal(expected, info.ServiceCidrsOrKubeDnsIp.Select(b => BitConverter.ToString(b.ToByteArray())));
        Assert.Equal(16, info.ServiceSubnet.Mask);
        Assert.Equal("cluster.local.", info.Dns.ClusterDomain);
        Assert.Equal(release is "2.20" or "2.22" or "2.22.5" ? "cluster.local." : "", info.ClusterDomain);
    }

    [Theory]
    [InlineData("2.20", "", "", "")]
    [InlineData("2.22", "Deployment", "uid", "uid")]
    public async Task Agents_are_told_of_with_the_fields_there_were(
        string release,
        string kind,
        string uid,
        string podId
    )
    {
        await using var manager = await StartAsync(release);
        await manager.Client.ArriveAsAgent(Agent("app", "default", "pod-1"));
        var session = await manager.ArriveAsync();
        using var agents = manager.Client.WatchAgents(session);
        var agent = Assert.Single((await FirstAsync(agents)).Agents);
        Assert.Equal((kind, uid, false), (agent.Kind, agent.PodUid, agent.NodeAgent));
        using var pods = manager.Client.WatchAgentPods(session);
        var pod = Assert.Single((await FirstAsync(pods)).Agents);
        Assert.Equal((podId, "", "app"), (pod.PodId, pod.Version, pod.WorkloadName));
    }

    [Theory]
    [InlineData("2.20", 2)]
    [InlineData("2.22", 1)]
    public async Task Agents_of_all_namespaces_are_told_of_before_2_22(string release, int expected)
    {
        await using var manager = await StartAsync(release);
        await manager.Client.ArriveAsAgent(Agent("app", "default", "pod-1"));
        await manager.Client.ArriveAsAgent(Agent("app", "other", "pod-2"));
        using var agents = manager.Client.WatchAgents(await manager.ArriveAsync());
        Assert.Equal(expected, (await FirstAsync(agents)).Agents.Count);
    }

    [Theory]
    [InlineData("2.20", 0, "default")]
    [InlineData("2.22", 1, "default")]
    [InlineData("2.25", 1, "default")]
    [InlineData("2.31", 1, "other")]
    public async Task Ensuring_answers_with_agents_since_2_21_and_for_other_namespaces_since_2_28(
        string release,
        int expected,
        string ns
    )
    {
        await using var manager = await StartAsync(release);
        await manager.Client.ArriveAsAgent(Agent("app", ns, "pod-1"));
        var request = new EnsureAgentRequest
        {
            Session = await manager.ArriveAsync(),
            Name = "app",
            Namespace = "other",
        };
        Assert.Equal(expected, (await manager.Client.EnsureAgent(request)).Agents.Count);
    }

    [Theory]
    [InlineData("2.20", true)]
    [InlineData("2.22", false)]
    public async Task A_namespace_that_is_not_managed_is_refused_since_2_22(string release, bool isLetIn)
    {
        await using var manager = await StartAsync(release);
        manager.Current = manager.Current with { ManagedNamespaces = ["other"] };
        var status = StatusCode.OK;
        try
        {
            await manager.ArriveAsync();
        }
        catch (RpcException e)
        {
            status = e.StatusCode;
        }
        Assert.Equal(isLetIn ? StatusCode.OK : StatusCode.FailedPrecondition, status);
    }

    [Theory]
    [InlineData("2.20", false)]
    [InlineData("2.22", true)]
    public async Task The_first_delta_of_workloads_is_everything_since_2_21(string release, bool isTold)
    {
        var workloads = new NoWorkloads();
        await using var manager = await ManagerFixture.StartAsync(adjust: o =>
            o.Emulating(ManagerRelease.Parse(release)) with
            {
                Workloads = workloads,
            }
        );
        var request = new WorkloadEventsRequest { SessionInfo = await manager.ArriveAsync() };
        using var watch = manager.Client.WatchWorkloads(request);
        var first = FirstAsync(watch);
        await workloads.Listed.Task.WaitAsync(ManagerFixture.Patience);
        workloads.Add("app");
        // Told of one by one, or with everything at first.
        Assert.Equal(isTold ? 0 : 1, (await first).Events.Count);
    }

    [Fact]
    public async Task A_dial_that_fails_says_nothing_of_why()
    {
        await using var manager = await StartAsync("2.25");
        var session = await manager.ArriveAsync();
        // Bound, so that nobody else is there, and not listening.
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var tunnel = await manager.OpenTunnelAsync(session.SessionId, (IPEndPoint)closed.LocalEndPoint!);
        await tunnel.ExpectAsync(TunnelMessageCode.StreamOk);
        Assert.Empty(await tunnel.ExpectAsync(TunnelMessageCode.DialReject));
    }

    private static Task<ManagerFixture> StartAsync(string release) =>
        ManagerFixture.StartAsync(adjust: o => o.Emulating(ManagerRelease.Parse(release)));

    /// <summary>What a call ends with whose session is unknown, or which is malformed.</summary>
    private static async Task<StatusCode> StatusAsync(ManagerFixture manager, string name)
    {
        var method = new Method<SessionInfo, Empty>(MethodType.Unary, ManagerMethods.ServiceName, name);
        try
        {
            await manager.Channel.AsyncUnaryCall(method, default, new SessionInfo { SessionId = "nobody" });
            return StatusCode.OK;
        }
        catch (RpcException e)
        {
            return e.StatusCode;
        }
    }

    private static async Task<T> FirstAsync<T>(AsyncServerStreamingCall<T> call)
        where T : class, Google.Protobuf.IMessage<T>, new()
    {
        await using var messages = call.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await messages.MoveNextAsync());
        return messages.Current;
    }

    private static AgentInfo Agent(string name, string ns, string pod) =>
        new()
        {
            Name = name,
            Namespace = ns,
            PodName = pod,
            PodUid = "uid",
            PodIp = "10.244.0.8",
            Kind = "Deployment",
            NodeAgent = true,
            ApiPort = 9900,
            Product = "telepresence",
            Version = "v2.25.0",
            Mechanisms = { new AgentInfo.Types.Mechanism { Name = "tcp" } },
        };

    private sealed class NoWorkloads : IClusterWorkloads
    {
        private readonly List<ClusterWorkload> _workloads = [];

        public event Action? Changed;

        public TaskCompletionSource Listed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<ClusterWorkload?> FindAsync(string name, string ns, CancellationToken cancellationToken) =>
            new((ClusterWorkload?)null);

        public ValueTask<IReadOnlyList<ClusterWorkload>> ListAsync(string ns, CancellationToken cancellationToken)
        {
            IReadOnlyList<ClusterWorkload> present = [.. _workloads];
            Listed.TrySetResult();
            return new(present);
        }

        public ValueTask<WorkloadShape?> DescribeAsync(ClusterWorkload workload, CancellationToken cancellationToken) =>
            new((WorkloadShape?)null);

        public void Add(string name)
        {
            _workloads.Add(new ClusterWorkload(WorkloadKind.Deployment, name, "default", name));
            Changed?.Invoke();
        }
    }
}
