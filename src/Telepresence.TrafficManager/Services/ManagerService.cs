using System.Runtime.CompilerServices;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Dns;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Monitoring;
using Telepresence.TrafficManager.Sessions;
using static Telepresence.Protocol.Manager.ManagerMethods;

namespace Telepresence.TrafficManager.Services;

/// <summary>The Manager service but for the Tunnel rpc: sessions, watches, look-ups.</summary>
internal sealed class ManagerService(
    TrafficManagerOptions options,
    SessionTable sessions,
    ClusterStateFeed feed,
    ManagerMetrics metrics
)
{
    private static readonly Version OldestClient = new(2, 6, 0);

    private readonly NameResolution _names = new(options.Dns, feed);

    public void AddTo(MethodTable methods)
    {
        methods.Unary(ManagerMethods.Version, (_, _) => new(Describe()));
        methods.Unary(
            GetClientConfig,
            (_, _) => new(new CLIConfig { ConfigYaml = ByteString.CopyFromUtf8(feed.Current.ClientConfiguration) })
        );
        methods.Unary(GetTelepresenceAPI, (_, _) => new(new TelepresenceAPIInfo { Port = options.AgentApiPort }));
        methods.Unary(ArriveAsClient, (client, _) => new(Arrive(client)));
        methods.Unary(ReconnectClient, (request, _) => new(Return(request)));
        methods.Unary(Remain, (request, _) => new(KeepAlive(request)));
        methods.Unary(Depart, (session, _) => new(End(session)));
        methods.Unary(LookupDNS, LookupDnsAsync);
        methods.Unary(Lookup, LookupAddressesAsync);
        methods.ServerStreaming(WatchClusterInfo, WatchClusterInfoAsync);
        methods.ServerStreaming(WatchDial, WatchDialAsync);
        methods.Unary(GetLogs, (_, _) => new(new LogsResponse()));
    }

    private VersionInfo2 Describe() =>
        new()
        {
            Name = options.Name,
            Version = options.Version,
            AuthSupported = options.Authentication is not null,
            AuthRequired = options.Authentication?.IsRequired == true,
        };

    private SessionInfo Arrive(ClientInfo client)
    {
        Check(client);
        return new SessionInfo
        {
            SessionId = sessions.Arrive(client).Id,
            ManagerInstallId = feed.Current.InstallId,
            InstallId = client.InstallId,
        };
    }

    private Empty Return(ReconnectClientRequest request)
    {
        var client = request.Client ?? new ClientInfo();
        Check(client);
        var session = sessions.Return(request.Session?.SessionId ?? "", client);
        sessions.Intercepts.Restore(session, request.Intercepts);
        return new Empty();
    }

    private void Check(ClientInfo client)
    {
        Arrival.Require(client.Name, "name");
        Arrival.Require(client.InstallId, "install ID");
        Arrival.Require(client.Product, "product");
        Arrival.Require(client.Version, "version");
        if (!TryParseVersion(client.Version, out var version))
            throw new RpcException(StatusCode.InvalidArgument, $"Client version \"{client.Version}\" is no version");
        if (version < OldestClient)
            throw new RpcException(
                StatusCode.FailedPrecondition,
                $"Client version {client.Version} is too old: {OldestClient} or later is needed"
            );
        if (options.Release?.IsAtLeast(22) != false)
            Arrival.RequireManaged(feed.Current, client.Namespace);
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

    private async ValueTask<DNSResponse> LookupDnsAsync(DNSRequest request, CancellationToken cancellationToken)
    {
        var session = sessions.GetClient(request.Session?.SessionId);
        if (request.Type > ushort.MaxValue || !DnsWire.IsName(request.Name))
            throw new RpcException(StatusCode.InvalidArgument, $"\"{request.Name}\" is no name to look up");
        metrics.CountDnsQuery();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Ended);
        var answer = await SessionWatch
            .UnlessEndedAsync(
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
        var session = sessions.GetClient(request.Session?.SessionId);
        if (!DnsWire.IsName(request.Name))
            throw new RpcException(StatusCode.InvalidArgument, $"\"{request.Name}\" is no name to look up");
        metrics.CountDnsQuery();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Ended);
        var response = new LookupResponse();
        foreach (var type in new[] { DnsWire.TypeA, DnsWire.TypeAaaa })
        {
            var answer = await SessionWatch
                .UnlessEndedAsync(
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
            while (await SessionWatch.UnlessEndedAsync(session, facts.MoveNextAsync()).ConfigureAwait(false))
                yield return ClusterInfoEncoding.ToMessage(facts.Current, options.Release);
        }
    }

    private async IAsyncEnumerable<DialRequest> WatchDialAsync(
        SessionInfo request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var session = sessions.Get(request.SessionId);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Ended);
        var dials = session.Dials.WatchAsync(ended.Token).GetAsyncEnumerator(ended.Token);
        await using (dials.ConfigureAwait(false))
        {
            while (await SessionWatch.UnlessEndedAsync(session, dials.MoveNextAsync()).ConfigureAwait(false))
                yield return dials.Current;
        }
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
