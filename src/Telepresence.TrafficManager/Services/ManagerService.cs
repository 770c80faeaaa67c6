using System.Runtime.CompilerServices;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Dns;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Sessions;
using static Telepresence.Protocol.Manager.ManagerMethods;

namespace Telepresence.TrafficManager.Services;

/// <summary>The Manager service but for the Tunnel rpc: sessions, watches, look-ups.</summary>
internal sealed class ManagerService(TrafficManagerOptions options, SessionTable sessions, ClusterStateFeed feed)
{
    private static readonly Version OldestClient = new(2, 6, 0);

    private readonly NameResolution _names = new(options.Dns, feed);

    public void AddTo(MethodTable methods)
    {
        methods.Unary(
            ManagerMethods.Version,
            (_, _) => new(new VersionInfo2 { Name = options.Name, Version = options.Version })
        );
        methods.Unary(
            GetClientConfig,
            (_, _) => new(new CLIConfig { ConfigYaml = ByteString.CopyFromUtf8(feed.Current.ClientConfiguration) })
        );
        methods.Unary(ArriveAsClient, (client, _) => new(Arrive(client)));
        methods.Unary(Remain, (request, _) => new(KeepAlive(request)));
        methods.Unary(Depart, (session, _) => new(End(session)));
        methods.Unary(GetKnownWorkloadKinds, (session, _) => new(KnownKinds(session)));
        methods.Unary(LookupDNS, LookupDnsAsync);
        methods.Unary(Lookup, LookupAddressesAsync);
        methods.ServerStreaming(WatchClusterInfo, WatchClusterInfoAsync);
        methods.ServerStreaming(WatchAgentPods, (s, ct) => OnceAsync(s, new AgentPodInfoSnapshot(), ct));
        methods.ServerStreaming(WatchAgents, (s, ct) => OnceAsync(s, new AgentInfoSnapshot(), ct));
        methods.ServerStreaming(WatchIntercepts, (s, ct) => OnceAsync(s, new InterceptInfoSnapshot(), ct));
        methods.ServerStreaming(WatchDial, (s, ct) => OnceAsync<DialRequest>(s, null, ct));
        methods.ServerStreaming(WatchWorkloads, WatchWorkloadsAsync);
    }

    private SessionInfo Arrive(ClientInfo client)
    {
        Require(client.Name, "name");
        Require(client.InstallId, "install ID");
        Require(client.Product, "product");
        Require(client.Version, "version");
        if (!TryParseVersion(client.Version, out var version))
            throw new RpcException(StatusCode.InvalidArgument, $"Client version \"{client.Version}\" is no version");
        if (version < OldestClient)
            throw new RpcException(
                StatusCode.FailedPrecondition,
                $"Client version {client.Version} is too old: {OldestClient} or later is needed"
            );
        if (feed.Current.ManagedNamespaces is { } managed && !managed.Contains(client.Namespace))
            throw new RpcException(
                StatusCode.FailedPrecondition,
                $"namespace {client.Namespace} is not managed by this traffic-manager"
            );
        return new SessionInfo
        {
            SessionId = sessions.Arrive(client).Id,
            ManagerInstallId = feed.Current.InstallId,
            InstallId = client.InstallId,
        };
    }

    private Empty KeepAlive(RemainRequest request)
    {
        sessions.Get(request.Session?.SessionId);
        return new Empty();
    }

    private Empty End(SessionInfo session)
    {
        sessions.Depart(session.SessionId);
        return new Empty();
    }

    private KnownWorkloadKinds KnownKinds(SessionInfo session)
    {
        sessions.Get(session.SessionId);
        var kinds = new KnownWorkloadKinds();
        kinds.Kinds.Add(WorkloadInfo.Types.Kind.Deployment);
        kinds.Kinds.Add(WorkloadInfo.Types.Kind.Replicaset);
        kinds.Kinds.Add(WorkloadInfo.Types.Kind.Statefulset);
        return kinds;
    }

    private async ValueTask<DNSResponse> LookupDnsAsync(DNSRequest request, CancellationToken cancellationToken)
    {
        var session = sessions.Get(request.Session?.SessionId);
        if (request.Type > ushort.MaxValue || !DnsWire.IsName(request.Name))
            throw new RpcException(StatusCode.InvalidArgument, $"\"{request.Name}\" is no name to look up");
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Ended);
        var answer = await UnlessEndedAsync(
                session,
                _names.ResolveAsync(request.Name, (ushort)request.Type, session.Client.Namespace, ended.Token)
            )
            .ConfigureAwait(false);
        return new DNSResponse
        {
            RCode = answer.ResponseCode,
            Rrs = ByteString.CopyFrom(DnsWire.EncodeRecords(answer.Records)),
        };
    }

    private async ValueTask<LookupResponse> LookupAddressesAsync(
        LookupRequest request,
        CancellationToken cancellationToken
    )
    {
        var session = sessions.Get(request.Session?.SessionId);
        if (!DnsWire.IsName(request.Name))
            throw new RpcException(StatusCode.InvalidArgument, $"\"{request.Name}\" is no name to look up");
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Ended);
        var response = new LookupResponse();
        foreach (var type in new[] { DnsWire.TypeA, DnsWire.TypeAaaa })
        {
            var answer = await UnlessEndedAsync(
                    session,
                    _names.ResolveAsync(request.Name, type, session.Client.Namespace, ended.Token)
                )
                .ConfigureAwait(false);
            response.Ips.AddRange(answer.Records.Select(record => ByteString.CopyFrom(record.Data)));
        }
        return response;
    }

    private async IAsyncEnumerable<ClusterInfo> WatchClusterInfoAsync(
        SessionInfo request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var session = sessions.Get(request.SessionId);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Ended);
        var facts = feed.WatchAsync(ended.Token).GetAsyncEnumerator(ended.Token);
        await using (facts.ConfigureAwait(false))
        {
            while (await UnlessEndedAsync(session, facts.MoveNextAsync()).ConfigureAwait(false))
                yield return ClusterInfoEncoding.ToMessage(facts.Current);
        }
    }

    private async IAsyncEnumerable<WorkloadEventsDelta> WatchWorkloadsAsync(
        WorkloadEventsRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (request.SessionInfo is null)
            throw new RpcException(StatusCode.InvalidArgument, "SessionInfo is missing");
        var delta = new WorkloadEventsDelta { Since = Timestamp.FromDateTimeOffset(options.TimeProvider.GetUtcNow()) };
        await foreach (var one in OnceAsync(request.SessionInfo, delta, cancellationToken).ConfigureAwait(false))
            yield return one;
    }

    /// <summary>The snapshot of something there is nothing of, then silence until the session ends.</summary>
    private async IAsyncEnumerable<T> OnceAsync<T>(
        SessionInfo request,
        T? snapshot,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
        where T : class
    {
        var session = sessions.Get(request.SessionId);
        if (snapshot is not null)
            yield return snapshot;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Ended);
        await UnlessEndedAsync(session, new ValueTask<bool>(ForeverAsync(ended.Token))).ConfigureAwait(false);
    }

    private static async Task<bool> ForeverAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        return false;
    }

    private static async ValueTask<T> UnlessEndedAsync<T>(ClientSession session, ValueTask<T> work)
    {
        try
        {
            return await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (session.Ended.IsCancellationRequested)
        {
            throw new RpcException(StatusCode.Cancelled, "The session ended");
        }
    }

    private static void Require(string value, string what)
    {
        if (value.Length == 0)
            throw new RpcException(StatusCode.InvalidArgument, $"{what} must not be empty");
    }

    private static bool TryParseVersion(string text, out Version version)
    {
        var numbers = text.StartsWith('v') ? text.AsSpan(1) : text;
        var end = numbers.IndexOfAny('-', '+');
        if (end >= 0)
            numbers = numbers[..end];
        var valid = System.Version.TryParse(numbers, out var parsed) && parsed.Build >= 0;
        version = parsed ?? new Version();
        return valid;
    }
}
