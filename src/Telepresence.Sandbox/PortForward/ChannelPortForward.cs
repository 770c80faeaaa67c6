using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;

namespace Telepresence.Sandbox.PortForward;

/// <summary>
/// <c>v4.channel.k8s.io</c>: port k of the request has the data channel 2k and the error channel 2k+1; the first byte of a message is
/// its channel, and the first message on each channel from the server carries the port, two bytes little-endian.
/// </summary>
internal sealed class ChannelPortForward : IDisposable
{
    private const int BufferSize = 64 * 1024;
    private readonly WebSocket _webSocket;
    private readonly PortForwardTarget _target;
    private readonly IReadOnlyList<int> _ports;
    private readonly Socket?[] _sockets;
    private readonly SemaphoreSlim _writing = new(1, 1);

    public ChannelPortForward(WebSocket webSocket, PortForwardTarget target, IReadOnlyList<int> ports)
    {
        _webSocket = webSocket;
        _target = target;
        _ports = ports;
        _sockets = new Socket?[ports.Count];
    }

    /// <summary>Runs until the client closes or every port's far side has ended: these channels know no half-close.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var downloads = new Task[_ports.Count];
        for (var i = 0; i < _ports.Count; i++)
        {
            await SendPortAsync(i, ended.Token).ConfigureAwait(false);
        }
        for (var i = 0; i < _ports.Count; i++)
        {
            downloads[i] = await DialAsync(i, ended.Token).ConfigureAwait(false)
                ? DownloadAsync(i, ended.Token)
                : Task.CompletedTask;
        }
        var far = CloseAfterAsync(downloads, ended.Token);
        try
        {
            await UploadAsync(ended.Token).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            foreach (var socket in _sockets)
            {
                socket?.Dispose();
            }
            await far.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        if (_webSocket.State == WebSocketState.CloseReceived)
        {
            await _webSocket
                .CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    public void Dispose() => _writing.Dispose();

    private async ValueTask SendPortAsync(int index, CancellationToken cancellationToken)
    {
        var message = new byte[3];
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(1), (ushort)_ports[index]);
        for (var channel = 2 * index; channel <= 2 * index + 1; channel++)
        {
            message[0] = (byte)channel;
            await SendAsync(message, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> DialAsync(int index, CancellationToken cancellationToken)
    {
        try
        {
            _sockets[index] = await _target.DialAsync(_ports[index], cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (SocketException e)
        {
            await SendErrorAsync(index, e, cancellationToken).ConfigureAwait(false);
            return false;
        }
    }

    private async Task DownloadAsync(int index, CancellationToken cancellationToken)
    {
        var socket = _sockets[index]!;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            buffer[0] = (byte)(2 * index);
            int read;
            while ((read = await socket.ReceiveAsync(buffer.AsMemory(1), cancellationToken).ConfigureAwait(false)) > 0)
            {
                await SendAsync(buffer.AsMemory(0, read + 1), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (SocketException e)
        {
            await SendErrorAsync(index, e, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectDisposedException) when (_sockets[index] is null)
        {
            // The upload found the far side gone first, and has told the client.
            return;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task CloseAfterAsync(Task[] downloads, CancellationToken cancellationToken)
    {
        await Task.WhenAll(downloads).ConfigureAwait(false);
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _webSocket
                .CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task UploadAsync(CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int? channel = null;
            while (true)
            {
                var received = await _webSocket
                    .ReceiveAsync(buffer.AsMemory(), cancellationToken)
                    .ConfigureAwait(false);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    return;
                }
                var data = buffer.AsMemory(0, received.Count);
                if (channel is null && data.Length > 0)
                {
                    channel = data.Span[0];
                    data = data[1..];
                }
                if (channel is { } number && number % 2 == 0 && number / 2 < _sockets.Length && data.Length > 0)
                {
                    await ForwardAsync(number / 2, data, cancellationToken).ConfigureAwait(false);
                }
                if (received.EndOfMessage)
                {
                    channel = null;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask ForwardAsync(int index, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (_sockets[index] is not { } socket)
        {
            return;
        }
        try
        {
            await socket.SendAllAsync(data, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            // The far side reads no more. Its download reports the same end; later bytes for it are dropped.
            _sockets[index] = null;
            socket.Dispose();
            await SendErrorAsync(index, e, cancellationToken).ConfigureAwait(false);
        }
    }

    private ValueTask SendErrorAsync(int index, SocketException failure, CancellationToken cancellationToken)
    {
        var text = _target.Describe(_ports[index], failure);
        var message = new byte[1 + Encoding.UTF8.GetByteCount(text)];
        message[0] = (byte)(2 * index + 1);
        Encoding.UTF8.GetBytes(text, message.AsSpan(1));
        return SendAsync(message, cancellationToken);
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await _webSocket
                .SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }
}
