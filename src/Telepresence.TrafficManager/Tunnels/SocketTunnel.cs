using System.Buffers;
using System.Net.Sockets;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>Joins a socket and a tunnel until both directions have ended.</summary>
internal sealed class SocketTunnel(
    Socket socket,
    bool isTcp,
    TunnelStream stream,
    IdleTimer idle,
    TunnelCounters counters
)
{
    private readonly TunnelReader _reader = stream.Reader;
    private readonly TunnelOutput _writer = stream.Output;

    private const int BufferLength = 65536;
    private const int MaxDatagramLength = 65507;

    private readonly byte[] _peekByte = new byte[1];

    /// <summary>Bytes from the tunnel to the socket so far.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Bytes from the socket to the tunnel so far.</summary>
    public long BytesReceived { get; private set; }

    /// <exception cref="OperationCanceledException">The call or the session ended.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var pumps = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Idle);
        var toCluster = EndingOnFailure(ToSocketAsync(pumps.Token), pumps);
        var fromCluster = EndingOnFailure(FromSocketAsync(pumps.Token), pumps);
        try
        {
            await Task.WhenAll(toCluster, fromCluster).ConfigureAwait(false);
            return;
        }
        catch (Exception e) when (IsEnd(e) && !cancellationToken.IsCancellationRequested)
        {
            // Idle, reset by the far side, or hard close by the client: all end the tunnel at once.
        }
        catch (Exception)
        {
            Reset();
            throw;
        }
        Reset();
        await _writer.WriteAsync(TunnelMessageCode.Disconnect, default, cancellationToken).ConfigureAwait(false);
    }

    private static bool IsEnd(Exception exception) =>
        exception is OperationCanceledException or SocketException or DisconnectedException;

    private static async Task EndingOnFailure(Task pump, CancellationTokenSource pumps)
    {
        try
        {
            await pump.ConfigureAwait(false);
        }
        catch
        {
            await pumps.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task ToSocketAsync(CancellationToken cancellationToken)
    {
        using var datagrams = new DatagramSender(socket);
        var more = stream.First is { } first
            ? await first.WaitAsync(cancellationToken).ConfigureAwait(false)
            : await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        for (; more; more = await ReadAsync(datagrams, cancellationToken).ConfigureAwait(false))
        {
            idle.Touch();
            switch (_reader.Code)
            {
                case TunnelMessageCode.Data:
                    BytesSent += _reader.Remaining;
                    counters.AddToCluster(_reader.Remaining);
                    if (isTcp)
                        await SendBodyAsync(cancellationToken).ConfigureAwait(false);
                    else
                        await AddDatagramAsync(datagrams, cancellationToken).ConfigureAwait(false);
                    break;
                case TunnelMessageCode.Disconnect:
                case TunnelMessageCode.DialReject:
                    throw new DisconnectedException();
                case TunnelMessageCode.CloseSend:
                    await datagrams.FlushAsync(cancellationToken).ConfigureAwait(false);
                    ShutdownSend();
                    return;
            }
        }
        await datagrams.FlushAsync(cancellationToken).ConfigureAwait(false);
        // A UDP client that only completed its request has nothing more to send; answers may still come.
        ShutdownSend();
    }

    /// <summary>The next message; while there is none, nothing is kept back.</summary>
    private async ValueTask<bool> ReadAsync(DatagramSender datagrams, CancellationToken cancellationToken)
    {
        var reading = _reader.ReadAsync(cancellationToken);
        if (!reading.IsCompleted)
            await datagrams.FlushAsync(cancellationToken).ConfigureAwait(false);
        return await reading.ConfigureAwait(false);
    }

    private async ValueTask AddDatagramAsync(DatagramSender datagrams, CancellationToken cancellationToken)
    {
        if (_reader.Remaining > MaxDatagramLength)
            return;
        var memory = await datagrams.GetMemoryAsync(_reader.Remaining, cancellationToken).ConfigureAwait(false);
        await _reader.ReadWholeBodyAsync(memory, cancellationToken).ConfigureAwait(false);
        datagrams.Add(memory.Length);
    }

    private async Task SendBodyAsync(CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (_reader.Remaining > 0)
            {
                var read = await _reader.ReadBodyAsync(buffer, cancellationToken).ConfigureAwait(false);
                for (var sent = 0; sent < read; )
                    sent += await socket
                        .SendAsync(buffer.AsMemory(sent, read - sent), SocketFlags.None, cancellationToken)
                        .ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task FromSocketAsync(CancellationToken cancellationToken)
    {
        var received = 0;
        while (true)
        {
            // After a full chunk there is likely more; else wait without holding a chunk's memory.
            if (received < TunnelMessageCodec.MaxDataLength)
                await WaitForDataAsync(cancellationToken).ConfigureAwait(false);
            received = await _writer.WriteReceivedAsync(socket, isTcp, cancellationToken).ConfigureAwait(false);
            BytesReceived += received;
            counters.AddFromCluster(received);
            idle.Touch();
            if (received == 0 && isTcp)
            {
                await _writer.CloseSendAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
        }
    }

    private async ValueTask WaitForDataAsync(CancellationToken cancellationToken)
    {
        if (isTcp)
        {
            await socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellationToken).ConfigureAwait(false);
            return;
        }
        try
        {
            await socket.ReceiveAsync(_peekByte, SocketFlags.Peek, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.MessageSize)
        {
            // Windows' way to say that the datagram is longer than the byte peeked at.
        }
    }

    private void ShutdownSend()
    {
        if (!isTcp)
            return;
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.NotConnected or SocketError.ConnectionReset)
        {
            // The far side reset it meanwhile; the other pump reports that.
        }
    }

    private void Reset()
    {
        if (isTcp)
            socket.LingerState = new LingerOption(true, 0);
    }

    private sealed class DisconnectedException() : IOException("The client closed the tunnel.");
}
