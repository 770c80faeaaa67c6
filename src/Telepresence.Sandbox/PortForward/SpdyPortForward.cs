using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Telepresence.Protocol.Spdy;
using Telepresence.TrafficManager;

namespace Telepresence.Sandbox.PortForward;

/// <summary><c>portforward.k8s.io</c> over SPDY: each connection is an error stream and a data stream with one request id.</summary>
internal sealed class SpdyPortForward
{
    private readonly PortForwardTarget _target;
    private readonly CancellationToken _cancellationToken;
    private readonly Dictionary<string, SpdyStream> _waiting = [];
    private readonly OwnedTasks _forwards = new();

    private SpdyPortForward(PortForwardTarget target, CancellationToken cancellationToken)
    {
        _target = target;
        _cancellationToken = cancellationToken;
    }

    public static async Task RunAsync(Stream transport, PortForwardTarget target, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var forward = new SpdyPortForward(target, ended.Token);
        using var connection = SpdyConnection.Server(transport, forward.OnStreamAsync);
        try
        {
            await connection.RunAsync(ended.Token).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await forward._forwards.WhenAllAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask OnStreamAsync(SpdyStream stream)
    {
        var type = stream.Headers.GetValueOrDefault("streamType");
        var portText = stream.Headers.GetValueOrDefault("port");
        if (type is not ("error" or "data") || !ushort.TryParse(portText, out var port) || port == 0)
        {
            stream.Reset(SpdyStatus.ProtocolError);
            stream.Release();
            return;
        }
        // Clients before request ids opened the data stream right after its error stream.
        var id =
            stream.Headers.GetValueOrDefault("requestID")
            ?? (type == "error" ? stream.Id : stream.Id - 2).ToString(CultureInfo.InvariantCulture);
        if (!_waiting.Remove(id, out var first))
        {
            _waiting[id] = stream;
            return;
        }
        var (error, data) = type == "data" ? (first, stream) : (stream, first);
        _forwards.Add(ForwardAsync(error, data, port));
    }

    private async Task ForwardAsync(SpdyStream error, SpdyStream data, int port)
    {
        try
        {
            Socket socket;
            try
            {
                socket = await _target.DialAsync(port, _cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException e)
            {
                var text = Encoding.UTF8.GetBytes(_target.Describe(port, e));
                await error.WriteAsync(text, _cancellationToken).ConfigureAwait(false);
                return;
            }
            using (socket)
            {
                await Task.WhenAll(UploadAsync(data, socket), DownloadAsync(socket, data)).ConfigureAwait(false);
            }
        }
        finally
        {
            await data.CloseWriteAsync(_cancellationToken).ConfigureAwait(false);
            await error.CloseWriteAsync(_cancellationToken).ConfigureAwait(false);
            data.Release();
            error.Release();
        }
    }

    private async Task UploadAsync(SpdyStream data, Socket socket)
    {
        try
        {
            while (true)
            {
                var read = await data.Incoming.ReadAsync(_cancellationToken).ConfigureAwait(false);
                foreach (var segment in read.Buffer)
                {
                    await socket.SendAllAsync(segment, _cancellationToken).ConfigureAwait(false);
                }
                data.Incoming.AdvanceTo(read.Buffer.End);
                if (read.IsCanceled)
                {
                    return;
                }
                if (read.IsCompleted)
                {
                    socket.Shutdown(SocketShutdown.Send);
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // A reset by either side ends both directions: the download's receive fails on the closed socket.
            socket.Close(0);
        }
    }

    private async Task DownloadAsync(Socket socket, SpdyStream data)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int read;
            while ((read = await socket.ReceiveAsync(buffer, _cancellationToken).ConfigureAwait(false)) > 0)
            {
                await data.WriteAsync(buffer.AsMemory(0, read), _cancellationToken).ConfigureAwait(false);
            }
            await data.CloseWriteAsync(_cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            data.Reset(SpdyStatus.Cancel);
            data.Incoming.CancelPendingRead();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
