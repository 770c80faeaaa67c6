using System.Collections.Concurrent;
using Telepresence.Protocol.Agent;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Grpc;

namespace Telepresence.UnitTests.Manager;

/// <summary>An agent that answers every tunnel with its pod's name, then with what it is sent.</summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private FakeAgent(AgentPodInfo info) => Info = info;

    /// <summary>What the manager tells of it.</summary>
    public AgentPodInfo Info { get; }

    public GrpcListener Listener { get; private set; } = null!;

    public ConcurrentQueue<StreamInfo> Tunnels { get; } = [];

    public int Greetings { get; private set; }

    /// <summary>Answers tunnels with this instead.</summary>
    public RpcException? Refusal { get; set; }

    public static async Task<FakeAgent> StartAsync(string pod, string workload)
    {
        var agent = new FakeAgent(
            new AgentPodInfo
            {
                PodName = pod,
                Namespace = "default",
                ApiPort = 9900,
                WorkloadName = workload,
                PodId = $"uid-{pod}",
            }
        );
        var methods = new MethodTable();
        methods.Unary(
            AgentMethods.Version,
            (_, _) =>
            {
                agent.Greetings++;
                return ValueTask.FromResult(new VersionInfo2 { Name = "agent", Version = "v2.25.0" });
            }
        );
        methods.Duplex(AgentMethods.Tunnel, agent.ServeAsync);
        agent.Listener = await GrpcListener.StartAsync(methods);
        return agent;
    }

    public ValueTask DisposeAsync() => Listener.DisposeAsync();

    private async Task ServeAsync(ServerCall call)
    {
        if (Refusal is { } refusal)
            throw refusal;
        using var reader = new TunnelReader(call.Context.Request.Body);
        Assert.True(await reader.ReadAsync(call.CancellationToken));
        var body = new byte[reader.Remaining];
        await reader.ReadWholeBodyAsync(body, call.CancellationToken);
        Assert.True(StreamInfo.TryParse(body, out var info));
        Tunnels.Enqueue(info!);
        await SendAsync(TunnelMessageCode.StreamOk, [2]);
        await SendAsync(TunnelMessageCode.DialOk, []);
        await SendAsync(TunnelMessageCode.Data, System.Text.Encoding.ASCII.GetBytes(Info.PodName));
        while (await reader.ReadAsync(call.CancellationToken))
        {
            var data = new byte[reader.Remaining];
            await reader.ReadWholeBodyAsync(data, call.CancellationToken);
            await SendAsync(reader.Code, data);
        }
        await SendAsync(TunnelMessageCode.CloseSend, []);

        async Task SendAsync(TunnelMessageCode code, byte[] content) =>
            await call.Context.Response.BodyWriter.WriteAsync(
                TunnelMessageCodec.Encode(code, content),
                call.CancellationToken
            );
    }
}
