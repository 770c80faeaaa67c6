using System.Buffers;
using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>Writes tunnel messages into a request: the way of an agent that answers a DialRequest.</summary>
internal sealed class TunnelRequestWriter(GrpcCall call, TunnelWriter writer) : TunnelOutput
{
    private bool _completed;

    public override async ValueTask WriteAsync(
        TunnelMessageCode code,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken
    )
    {
        // Whoever completed its request can end hard in one way only (PROTOCOL §2.5).
        if (_completed)
            call.Dispose();
        else
            await writer.WriteAsync(code, body, cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask<int> WriteReceivedAsync(
        Socket socket,
        bool isTcp,
        CancellationToken cancellationToken
    )
    {
        var buffer = ArrayPool<byte>.Shared.Rent(TunnelMessageCodec.MaxDataLength);
        try
        {
            var memory = buffer.AsMemory(0, TunnelMessageCodec.MaxDataLength);
            var received = await socket.ReceiveAsync(memory, SocketFlags.None, cancellationToken).ConfigureAwait(false);
            if (received > 0 || !isTcp)
                await writer.WriteDataAsync(memory[..received], flush: true, cancellationToken).ConfigureAwait(false);
            return received;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public override ValueTask CloseSendAsync(CancellationToken cancellationToken)
    {
        _completed = true;
        call.CompleteRequest();
        return default;
    }
}
