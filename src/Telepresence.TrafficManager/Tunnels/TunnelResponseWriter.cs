using System.IO.Pipelines;
using System.Net.Sockets;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>Writes tunnel messages into a response. What a socket received lies in the response's own memory from the start.</summary>
internal sealed class TunnelResponseWriter(PipeWriter writer) : TunnelOutput
{
    private const int MaximumBatch = 64 * 1024;

    // Prefix of the longest chunk; a shorter one has a shorter prefix and moves up a little.
    private static readonly int Headroom = TunnelMessageCodec.PrefixLength(TunnelMessageCodec.MaxDataLength);

    public override async ValueTask WriteAsync(
        TunnelMessageCode code,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken
    )
    {
        await writer.WriteAsync(TunnelMessageCodec.Encode(code, body.Span), cancellationToken).ConfigureAwait(false);
    }

    public override async ValueTask<int> WriteReceivedAsync(
        Socket socket,
        bool isTcp,
        CancellationToken cancellationToken
    )
    {
        var length = !isTcp && socket.Available is > 0 and var next ? next : TunnelMessageCodec.MaxDataLength;
        var memory = GetMemory(length);
        var received = await socket
            .ReceiveAsync(memory[Headroom..], SocketFlags.None, cancellationToken)
            .ConfigureAwait(false);
        if (received == 0 && isTcp)
            return 0;
        Advance(memory, received);
        // Datagrams that came meanwhile share its flush; a stream's bytes have come in one piece.
        while (!isTcp && received < MaximumBatch && (length = socket.Available) > 0)
        {
            memory = GetMemory(length);
            length = socket.Receive(memory.Span[Headroom..]);
            Advance(memory, length);
            received += length;
        }
        await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        return received;
    }

    public override ValueTask CloseSendAsync(CancellationToken cancellationToken) =>
        WriteAsync(TunnelMessageCode.CloseSend, default, cancellationToken);

    /// <summary>Sends the reader's present message as it is, piece by piece as it comes in.</summary>
    public async ValueTask ForwardAsync(TunnelReader message, CancellationToken cancellationToken)
    {
        IsWithinMessage = true;
        writer.Advance(
            TunnelMessageCodec.WritePrefix(
                writer.GetSpan(TunnelMessageCodec.MaxPrefixLength),
                message.Code,
                message.Remaining
            )
        );
        do
        {
            var wanted = Math.Min(message.Remaining, TunnelMessageCodec.MaxDataLength);
            if (wanted > 0)
            {
                var memory = writer.GetMemory(wanted)[..wanted];
                writer.Advance(await message.ReadBodyAsync(memory, cancellationToken).ConfigureAwait(false));
            }
            // A peer that does not read holds up the other's sending from here on.
            await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
        } while (message.Remaining > 0);
        IsWithinMessage = false;
    }

    private Memory<byte> GetMemory(int length)
    {
        var whole = Headroom + Math.Min(length, TunnelMessageCodec.MaxDataLength);
        return writer.GetMemory(whole)[..whole];
    }

    private void Advance(Memory<byte> memory, int received)
    {
        var prefix = TunnelMessageCodec.WritePrefix(memory.Span, TunnelMessageCode.Data, received);
        if (prefix < Headroom)
            memory.Slice(Headroom, received).CopyTo(memory[prefix..]);
        writer.Advance(prefix + received);
    }
}
