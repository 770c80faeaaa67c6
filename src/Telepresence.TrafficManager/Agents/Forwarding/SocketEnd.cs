using System.Net.Sockets;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>A caller's connection, or one to an application; owns the socket.</summary>
internal sealed class SocketEnd(Socket socket) : IFarEnd
{
    private readonly bool _isStream = socket.SocketType == SocketType.Stream;
    private readonly byte[] _peekByte = new byte[1];

    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (_isStream)
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

    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var received = await socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken).ConfigureAwait(false);
        return received == 0 && _isStream ? IFarEnd.Ended : received;
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        do
        {
            var sent = await socket.SendAsync(data, SocketFlags.None, cancellationToken).ConfigureAwait(false);
            data = data[sent..];
        } while (data.Length > 0);
    }

    public ValueTask CloseSendAsync(CancellationToken cancellationToken)
    {
        if (_isStream)
            socket.Shutdown(SocketShutdown.Send);
        return default;
    }

    public ValueTask AbortAsync()
    {
        if (_isStream)
            socket.LingerState = new LingerOption(true, 0);
        return default;
    }

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        return default;
    }
}
