using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Grpc;
using Telepresence.UnitTests.Manager;

namespace Telepresence.UnitTests.Engagements;

/// <summary>
/// A manager whose intercepts are what the test makes of them. Tunnels are dialled here, but for those that answer a dial request:
/// these are given to whoever sent it.
/// </summary>
internal sealed class InterceptingManager : IAsyncDisposable
{
    private readonly Watch<InterceptInfoSnapshot> _intercepts = new();
    private readonly Watch<AgentInfoSnapshot> _agents = new();
    private readonly Watch<AgentPodInfoSnapshot> _pods = new();
    private readonly Channel<DialRequest> _dials = Channel.CreateUnbounded<DialRequest>();
    private readonly ConcurrentDictionary<ByteString, TaskCompletionSource<IncomingTunnel>> _awaited = [];
    private readonly ConcurrentDictionary<string, InterceptInfo> _known = [];
    private int _sessions;

    public GrpcListener Listener { get; private set; } = null!;

    public ConcurrentQueue<InterceptSpec> Created { get; } = [];

    public ConcurrentQueue<string> Removed { get; } = [];

    public ConcurrentQueue<StreamInfo> Dialled { get; } = [];

    public ConcurrentQueue<ReconnectClientRequest> Reconnected { get; } = [];

    /// <summary>What PrepareIntercept answers.</summary>
    public Func<InterceptSpec, PreparedIntercept> OnPrepare { get; set; } =
        spec =>
            new()
            {
                Namespace = spec.Namespace,
                ServiceName = "web",
                ServicePort = 80,
                Protocol = "TCP",
                ContainerName = "app",
                ContainerPort = 8080,
                WorkloadKind = "Deployment",
                PodPorts = { spec.PodPorts },
            };

    /// <summary>What becomes of an intercept that was made.</summary>
    public Action<InterceptInfo> OnCreate { get; set; } = _ => { };

    public Func<EnsureAgentRequest, AgentInfoSnapshot> OnEnsure { get; set; } = _ => new();

    public string Version { get; set; } = "v2.25.0";

    public static async Task<InterceptingManager> StartAsync()
    {
        var manager = new InterceptingManager();
        var methods = new MethodTable();
        methods.Unary(
            ManagerMethods.Version,
            (_, _) => ValueTask.FromResult(new VersionInfo2 { Name = "fake", Version = manager.Version })
        );
        methods.Unary(
            ManagerMethods.ArriveAsClient,
            (_, _) =>
                ValueTask.FromResult(
                    new SessionInfo { SessionId = $"session-{Interlocked.Increment(ref manager._sessions)}" }
                )
        );
        methods.Unary(ManagerMethods.GetClientConfig, (_, _) => ValueTask.FromResult(new CLIConfig()));
        methods.Unary(ManagerMethods.Remain, (_, _) => ValueTask.FromResult(new Empty()));
        methods.Unary(ManagerMethods.Depart, (_, _) => ValueTask.FromResult(new Empty()));
        methods.Unary(
            ManagerMethods.PrepareIntercept,
            (request, _) => ValueTask.FromResult(manager.OnPrepare(request.InterceptSpec))
        );
        methods.Unary(ManagerMethods.CreateIntercept, (request, _) => ValueTask.FromResult(manager.Create(request)));
        methods.Unary(ManagerMethods.RemoveIntercept, (request, _) => ValueTask.FromResult(manager.Remove(request)));
        methods.Unary(ManagerMethods.EnsureAgent, (request, _) => ValueTask.FromResult(manager.OnEnsure(request)));
        methods.ServerStreaming(ManagerMethods.WatchIntercepts, manager.WatchInterceptsAsync);
        methods.ServerStreaming(ManagerMethods.WatchAgents, (_, token) => manager._agents.FollowAsync(token));
        methods.ServerStreaming(ManagerMethods.WatchAgentPods, (_, token) => manager._pods.FollowAsync(token));
        methods.ServerStreaming(ManagerMethods.WatchDial, (_, token) => manager._dials.Reader.ReadAllAsync(token));
        methods.Duplex(ManagerMethods.Tunnel, manager.ServeAsync);
        manager.Listener = await GrpcListener.StartAsync(methods);
        return manager;
    }

    /// <summary>The agent has taken it up; or whatever else it is now.</summary>
    public void Tell(InterceptInfo info)
    {
        _known[info.Id] = info;
        _intercepts.Set(new InterceptInfoSnapshot { Intercepts = { _known.Values } });
    }

    /// <summary>It knows of none, as one that was restarted.</summary>
    public void Forget()
    {
        _known.Clear();
        _intercepts.Set(new InterceptInfoSnapshot());
    }

    public void TellAgents(params AgentInfo[] agents) => _agents.Set(new AgentInfoSnapshot { Agents = { agents } });

    public void TellPods(params AgentPodInfo[] pods) => _pods.Set(new AgentPodInfoSnapshot { Agents = { pods } });

    /// <summary>A connection has come in at the agent: what the client answers with.</summary>
    public async Task<IncomingTunnel> DialAsync(ConnId id)
    {
        var key = ByteString.CopyFrom(id.ToByteArray());
        var answered = _awaited.GetOrAdd(key, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        await _dials.Writer.WriteAsync(
            new DialRequest
            {
                ConnId = key,
                RoundtripLatency = 4_000_000_000,
                DialTimeout = 3_000_000_000,
            }
        );
        return await answered.Task;
    }

    public ValueTask DisposeAsync() => Listener.DisposeAsync();

    private InterceptInfo Create(CreateInterceptRequest request)
    {
        var spec = request.InterceptSpec;
        if (_known.ContainsKey(IdOf(request.Session, spec.Name)))
            throw new RpcException(StatusCode.AlreadyExists, $"Intercept named \"{spec.Name}\" already exists");
        Created.Enqueue(spec);
        var info = new InterceptInfo
        {
            Id = IdOf(request.Session, spec.Name),
            Spec = spec,
            Disposition = InterceptDispositionType.Waiting,
            Message = "Waiting for Agent approval",
        };
        Tell(info);
        OnCreate(info.Clone());
        return info;
    }

    private static string IdOf(SessionInfo session, string name) => $"{session.SessionId}:{name}";

    /// <summary>Those of the session.</summary>
    private async IAsyncEnumerable<InterceptInfoSnapshot> WatchInterceptsAsync(
        SessionInfo session,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var snapshot in _intercepts.FollowAsync(cancellationToken))
        {
            var own = snapshot.Intercepts.Where(i => i.Id == IdOf(session, i.Spec.Name));
            yield return new InterceptInfoSnapshot { Intercepts = { own } };
        }
    }

    private Empty Remove(RemoveInterceptRequest2 request)
    {
        Removed.Enqueue(request.Name);
        if (!_known.TryRemove(IdOf(request.Session, request.Name), out _))
            throw new RpcException(StatusCode.NotFound, $"Intercept \"{request.Name}\" not found");
        _intercepts.Set(new InterceptInfoSnapshot { Intercepts = { _known.Values } });
        return new Empty();
    }

    private async Task ServeAsync(ServerCall call)
    {
        var reader = new TunnelReader(call.Context.Request.Body);
        Assert.True(await reader.ReadAsync(call.CancellationToken));
        var body = new byte[reader.Remaining];
        await reader.ReadWholeBodyAsync(body, call.CancellationToken);
        Assert.True(StreamInfo.TryParse(body, out var info));
        var tunnel = new IncomingTunnel(call, reader, info!);
        await tunnel.SendAsync(TunnelMessageCode.StreamOk, [2]);
        if (_awaited.TryRemove(ByteString.CopyFrom(info!.ConnId.ToByteArray()), out var awaited))
        {
            awaited.SetResult(tunnel);
            await tunnel.Ended;
        }
        else
        {
            Dialled.Enqueue(info);
            await DialAsync(tunnel);
        }
    }

    private static async Task DialAsync(IncomingTunnel tunnel)
    {
        var (destination, protocol) = (tunnel.Info.ConnId.Destination, tunnel.Info.ConnId.Protocol);
        using var socket = new Socket(
            destination.AddressFamily,
            protocol == ProtocolType.Udp ? SocketType.Dgram : SocketType.Stream,
            protocol
        );
        try
        {
            await socket.ConnectAsync(destination);
        }
        catch (SocketException)
        {
            await tunnel.SendAsync(TunnelMessageCode.DialReject, []);
            return;
        }
        await tunnel.SendAsync(TunnelMessageCode.DialOk, []);
        var down = DownAsync();
        while (await tunnel.ReceiveAsync() is { Code: TunnelMessageCode.Data } message)
            await socket.SendAsync(message.Body);
        if (protocol == ProtocolType.Udp)
            socket.Dispose();
        else
            socket.Shutdown(SocketShutdown.Send);
        await down;

        async Task DownAsync()
        {
            var buffer = new byte[ushort.MaxValue];
            try
            {
                while (await socket.ReceiveAsync(buffer) is > 0 and var length)
                    await tunnel.SendAsync(TunnelMessageCode.Data, buffer.AsSpan(0, length).ToArray());
                await tunnel.SendAsync(TunnelMessageCode.CloseSend, []);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Closed.
            }
        }
    }

    /// <summary>The newest of something, to whoever follows it.</summary>
    private sealed class Watch<T>
        where T : class, new()
    {
        private readonly Lock _gate = new();
        private T _value = new();
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Set(T value)
        {
            lock (_gate)
            {
                _value = value;
                _changed.SetResult();
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        public async IAsyncEnumerable<T> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            while (true)
            {
                Task changed;
                T value;
                lock (_gate)
                    (value, changed) = (_value, _changed.Task);
                yield return value;
                await changed.WaitAsync(cancellationToken);
            }
        }
    }
}

/// <summary>The serving side of a tunnel, message by message.</summary>
internal sealed class IncomingTunnel(ServerCall call, TunnelReader reader, StreamInfo info)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StreamInfo Info => info;

    public Task Ended => _ended.Task;

    /// <summary>Ends the call in order.</summary>
    public void End() => _ended.TrySetResult();

    public async Task SendAsync(TunnelMessageCode code, byte[] content) =>
        await call.Context.Response.BodyWriter.WriteAsync(TunnelMessageCodec.Encode(code, content));

    /// <summary>Null: the client completed its stream.</summary>
    public async Task<TunnelMessage?> ReceiveAsync()
    {
        if (!await reader.ReadAsync(call.CancellationToken))
            return null;
        var body = new byte[reader.Remaining];
        await reader.ReadWholeBodyAsync(body, call.CancellationToken);
        return new TunnelMessage(reader.Code, body);
    }

    internal sealed record TunnelMessage(TunnelMessageCode Code, byte[] Body);
}
