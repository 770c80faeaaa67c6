using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Sessions;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>The Tunnel rpc: handshake, dial, then a pump each way.</summary>
internal sealed class TunnelService(TrafficManagerOptions options, SessionTable sessions)
{
    public void AddTo(MethodTable methods) => methods.Duplex(ManagerMethods.Tunnel, ServeAsync);

    private async Task ServeAsync(ServerCall call)
    {
        using var reader = new TunnelReader(call.Context.Request.Body, call.MaxReceiveMessageSize);
        try
        {
            var info = await ReadHandshakeAsync(reader, call.CancellationToken).ConfigureAwait(false);
            var session = sessions.Get(info.SessionId);
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken, session.Ended);
            var writer = new TunnelResponseWriter(call.Context.Response.BodyWriter);
            try
            {
                await call.Context.Response.StartAsync(ended.Token).ConfigureAwait(false);
                await writer
                    .WriteAsync(TunnelMessageCode.StreamOk, [(byte)StreamInfo.CurrentVersion], ended.Token)
                    .ConfigureAwait(false);
                await CarryAsync(info, reader, writer, ended.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (session.Ended.IsCancellationRequested)
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

    private const int MaxHandshakeLength = 4096;

    private async Task CarryAsync(
        StreamInfo info,
        TunnelReader reader,
        TunnelResponseWriter writer,
        CancellationToken cancellationToken
    )
    {
        Socket socket;
        try
        {
            socket = await DialAsync(info, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            byte[] reason = options.EmptyDialReject ? [] : [DialErrno.FromSocketError(e.SocketErrorCode)];
            await writer.WriteAsync(TunnelMessageCode.DialReject, reason, cancellationToken).ConfigureAwait(false);
            await writer.WriteAsync(TunnelMessageCode.CloseSend, [], cancellationToken).ConfigureAwait(false);
            return;
        }
        using (socket)
        {
            await writer.WriteAsync(TunnelMessageCode.DialOk, [], cancellationToken).ConfigureAwait(false);
            var isTcp = info.ConnId.Protocol == ProtocolType.Tcp;
            using var idle = new IdleTimer(
                options.TimeProvider,
                isTcp ? options.TcpIdleTimeout : options.UdpIdleTimeout
            );
            await new SocketTunnel(socket, isTcp, reader, writer, idle)
                .RunAsync(cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private async Task<Socket> DialAsync(StreamInfo info, CancellationToken cancellationToken)
    {
        var destination = info.ConnId.Destination;
        if (info.ConnId.Protocol == ProtocolType.Udp)
            return await options.Dialer.DialUdpAsync(destination, cancellationToken).ConfigureAwait(false);
        if (info.DialTimeout <= TimeSpan.Zero || info.DialTimeout.TotalMilliseconds > int.MaxValue)
            return await options.Dialer.DialTcpAsync(destination, cancellationToken).ConfigureAwait(false);
        using var timeout = new CancellationTokenSource(info.DialTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            return await options.Dialer.DialTcpAsync(destination, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SocketException((int)SocketError.TimedOut);
        }
    }
}
