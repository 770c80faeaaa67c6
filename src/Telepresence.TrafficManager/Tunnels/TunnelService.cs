using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Grpc;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>The Tunnel rpc of manager and agent: the handshake, then the tunnel is the route's.</summary>
internal sealed class TunnelService(ITunnelRoute route)
{
    private const int MaxHandshakeLength = 4096;

    public void AddTo(MethodTable methods, Method<TunnelMessage, TunnelMessage> method) =>
        methods.Duplex(method, ServeAsync);

    private async Task ServeAsync(ServerCall call)
    {
        using var reader = new TunnelReader(call.Context.Request.Body, call.MaxReceiveMessageSize);
        try
        {
            var info = await ReadHandshakeAsync(reader, call.CancellationToken).ConfigureAwait(false);
            var caller = route.Admit(info);
            var sessionEnded = caller?.TunnelsEnd ?? default;
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken, sessionEnded);
            var writer = new TunnelResponseWriter(call.Context.Response.BodyWriter);
            try
            {
                await call.Context.Response.StartAsync(ended.Token).ConfigureAwait(false);
                await writer
                    .WriteAsync(TunnelMessageCode.StreamOk, new[] { (byte)StreamInfo.CurrentVersion }, ended.Token)
                    .ConfigureAwait(false);
                await route.CarryAsync(caller, info, reader, writer, ended.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (sessionEnded.IsCancellationRequested)
            {
                throw new RpcException(StatusCode.Cancelled, "The session ended");
            }
        }
        catch (TunnelFormatException e)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, e.Message, e));
        }
    }

    private static async Task<StreamInfo> ReadHandshakeAsync(TunnelReader reader, CancellationToken cancellationToken)
    {
        if (
            !await reader.ReadAsync(cancellationToken).ConfigureAwait(false)
            || reader.Code != TunnelMessageCode.StreamInfo
            || reader.Remaining > MaxHandshakeLength
        )
            throw new TunnelFormatException("A tunnel begins with a StreamInfo message.");
        var body = new byte[reader.Remaining];
        await reader.ReadWholeBodyAsync(body, cancellationToken).ConfigureAwait(false);
        if (!StreamInfo.TryParse(body, out var info))
            throw new TunnelFormatException("The StreamInfo message is malformed.");
        if (info!.ConnId.Protocol is not (ProtocolType.Tcp or ProtocolType.Udp))
            throw new TunnelFormatException($"Protocol {(int)info.ConnId.Protocol} is not tunnelled.");
        return info;
    }
}
