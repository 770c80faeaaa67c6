using System.Net;
using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>Opens tunnels to clients that intercept: to the client itself if it watches here, else through the manager (PROTOCOL §2.7).</summary>
internal sealed class ClientConnector(
    ManagerClient manager,
    ClientDials dials,
    TunnelRendezvous rendezvous,
    TrafficAgentOptions options
)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    /// <summary>The agent's own session; null until it has arrived.</summary>
    public string? Session { get; set; }

    /// <param name="intercept">Whose.</param>
    /// <param name="caller">Who called, as the cluster knows it.</param>
    /// <param name="protocol">Tcp or Udp.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="IOException">The client cannot be reached.</exception>
    /// <exception cref="RpcException">The client cannot be reached.</exception>
    public async Task<IFarEnd> OpenAsync(
        ServedIntercept intercept,
        IPEndPoint caller,
        ProtocolType protocol,
        CancellationToken cancellationToken
    )
    {
        var id = new ConnId(caller, intercept.Target, protocol);
        return await TryOpenDirectlyAsync(intercept, id, cancellationToken).ConfigureAwait(false)
            ?? await OpenByManagerAsync(intercept, id, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Null: the client does not watch here.</summary>
    private async Task<IFarEnd?> TryOpenDirectlyAsync(
        ServedIntercept intercept,
        ConnId id,
        CancellationToken cancellationToken
    )
    {
        var awaited = rendezvous.Await(intercept.Session, id);
        if (awaited is null)
            return null;
        var isOpen = false;
        try
        {
            var request = new DialRequest
            {
                ConnId = ByteString.CopyFrom(id.ToByteArray()),
                RoundtripLatency = intercept.Info.Spec.RoundtripLatency,
                DialTimeout = intercept.Info.Spec.DialTimeout,
            };
            if (!dials.TrySend(intercept.Session, request, out var unwatched))
                return null;
            using var timeout = new CancellationTokenSource(WaitOf(intercept), options.TimeProvider);
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(
                cancellationToken,
                timeout.Token,
                unwatched
            );
            try
            {
                var answer = await awaited.WaitAsync(waiting.Token).ConfigureAwait(false);
                isOpen = true;
                return new TunnelEnd(answer.Reader, answer.Writer, id.Protocol == ProtocolType.Tcp, EndAsync);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return timeout.IsCancellationRequested
                    ? throw new IOException("The client did not take the connection in time.")
                    : null;
            }
        }
        finally
        {
            if (!isOpen)
                awaited.Dispose();
        }

        ValueTask EndAsync()
        {
            awaited.Dispose();
            return default;
        }
    }

    private async Task<IFarEnd> OpenByManagerAsync(
        ServedIntercept intercept,
        ConnId id,
        CancellationToken cancellationToken
    )
    {
        var session = Session ?? throw new IOException("The agent has not arrived at the traffic-manager.");
        var info = new StreamInfo(
            id,
            session,
            TimeSpan.FromMicroseconds(intercept.Info.Spec.RoundtripLatency / 1000),
            TimeSpan.FromMicroseconds(intercept.Info.Spec.DialTimeout / 1000)
        );
        var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var call = manager.OpenTunnel(new CallOptions(CancellationToken: ending.Token));
        TunnelReader? reader = null;
        try
        {
            var writer = new TunnelWriter(await call.GetRequestStreamAsync().ConfigureAwait(false));
            await writer
                .WriteAsync(TunnelMessageCode.StreamInfo, info.ToByteArray(), ending.Token)
                .ConfigureAwait(false);
            reader = new TunnelReader(
                await call.GetResponseStreamAsync().ConfigureAwait(false),
                options.MaxReceiveMessageSize
            );
            if (
                !await reader.ReadAsync(ending.Token).ConfigureAwait(false)
                || reader.Code != TunnelMessageCode.StreamOk
            )
                throw new TunnelFormatException("The traffic-manager did not accept the tunnel.");
            await writer
                .WriteAsync(TunnelMessageCode.Session, Encoding.UTF8.GetBytes(intercept.Session), ending.Token)
                .ConfigureAwait(false);
            return new TunnelEnd(
                reader,
                new TunnelRequestWriter(call, writer),
                id.Protocol == ProtocolType.Tcp,
                EndAsync
            );
        }
        catch
        {
            await EndAsync().ConfigureAwait(false);
            throw;
        }

        ValueTask EndAsync()
        {
            call.Dispose();
            reader?.Dispose();
            ending.Dispose();
            return default;
        }
    }

    private static TimeSpan WaitOf(ServedIntercept intercept)
    {
        var spec = intercept.Info.Spec;
        var asked = TimeSpan.FromMicroseconds((spec.DialTimeout + spec.RoundtripLatency) / 1000);
        return asked > TimeSpan.Zero && asked < LongestWait ? asked : LongestWait;
    }
}
