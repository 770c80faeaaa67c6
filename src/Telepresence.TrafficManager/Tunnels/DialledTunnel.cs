using System.Net.Sockets;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>A tunnel whose far end is dialled here: the dial, its answer, then a pump each way.</summary>
internal sealed class DialledTunnel(DialOptions options, TunnelCounters counters)
{
    /// <param name="info">What to dial.</param>
    /// <param name="stream">The tunnel, after its handshake.</param>
    /// <param name="answered">Called when the dial's result was sent.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<TunnelTraffic> CarryAsync(
        StreamInfo info,
        TunnelStream stream,
        Action? answered,
        CancellationToken cancellationToken
    )
    {
        Socket socket;
        try
        {
            socket = stream.First is { } first
                ? await DialUnlessEndedAsync(info, first, cancellationToken).ConfigureAwait(false)
                : await DialAsync(info, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            counters.DialFailed();
            await RejectAsync(stream.Output, e.SocketErrorCode, cancellationToken).ConfigureAwait(false);
            answered?.Invoke();
            return default;
        }
        using (socket)
        {
            await stream.Output.WriteAsync(TunnelMessageCode.DialOk, default, cancellationToken).ConfigureAwait(false);
            answered?.Invoke();
            var isTcp = info.ConnId.Protocol == ProtocolType.Tcp;
            using var idle = new IdleTimer(
                options.TimeProvider,
                isTcp ? options.TcpIdleTimeout : options.UdpIdleTimeout
            );
            var tunnel = new SocketTunnel(socket, isTcp, stream, idle, counters);
            await tunnel.RunAsync(cancellationToken).ConfigureAwait(false);
            return new TunnelTraffic(tunnel.BytesSent, tunnel.BytesReceived);
        }
    }

    /// <summary>Tells that the far end could not be dialled; the tunnel is over.</summary>
    public async Task RejectAsync(TunnelOutput output, SocketError error, CancellationToken cancellationToken)
    {
        byte[] reason = options.EmptyDialReject ? [] : [DialErrno.FromSocketError(error)];
        await output.WriteAsync(TunnelMessageCode.DialReject, reason, cancellationToken).ConfigureAwait(false);
        await output.CloseSendAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<Socket> DialUnlessEndedAsync(
        StreamInfo info,
        Task<bool> first,
        CancellationToken cancellationToken
    )
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var dial = DialAsync(info, ended.Token);
        await Task.WhenAny(dial, first).ConfigureAwait(false);
        if (!dial.IsCompleted && !(first.IsCompletedSuccessfully && await first.ConfigureAwait(false)))
            await ended.CancelAsync().ConfigureAwait(false);
        return await dial.ConfigureAwait(false);
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
