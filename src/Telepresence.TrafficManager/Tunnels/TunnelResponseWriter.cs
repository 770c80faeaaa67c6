using System.IO.Pipelines;
using System.Net.Sockets;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>Writes tunnel messages into a response. What a socket received lies in the response's own memory from the start.</summary>
internal sealed class TunnelResponseWriter(PipeWriter writer)
{
    // Prefix of the longest chunk; a shorter one has a shorter prefix and moves up a little.
    private static readonly int Headroom = TunnelMessageCodec.PrefixLength(TunnelMessageCodec.MaxDataLength);

    public async ValueTask WriteAsync(TunnelMessageCode code, byte[] body, CancellationToken cancellationToken)
    {
        await writer.WriteAsync(TunnelMessageCodec.Encode(code, body), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Receives once and sends it as one Data message.</summary>
    /// <returns>Bytes received.</returns>
    public async ValueTask<int> WriteReceivedAsync(Socket socket, bool isTcp, CancellationToken cancellationToken)
    {
        var memory = writer.GetMemory(Headroom + TunnelMessageCodec.MaxDataLength);
        var received = await socket
            .ReceiveAsync(memory.Slice(Headroom, TunnelMessageCodec.MaxDataLength), SocketFlags.None, cancellationToken)
            .ConfigureAwait(false);
        if (received == 0 && isTcp)
            return 0;
        var prefix = TunnelMessageCodec.WritePrefix(memory.Span, TunnelMessageCode.Data, received);
        if (prefix < Headroom)
            memory.Slice(Headroom, received).CopyTo(memory[prefix..]);
        writer.Advance(prefix + received);
        await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        return received;
    }
}
