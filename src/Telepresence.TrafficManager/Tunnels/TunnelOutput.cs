using System.Net.Sockets;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>
/// The direction of a tunnel in which this side sends, be it the one that serves the rpc or the one that calls it. One writer
/// at a time.
/// </summary>
internal abstract class TunnelOutput
{
    /// <summary>True: a message was begun and not finished, so that no other may follow.</summary>
    public bool IsWithinMessage { get; protected set; }

    public abstract ValueTask WriteAsync(
        TunnelMessageCode code,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken
    );

    /// <summary>Receives once and sends it as one Data message.</summary>
    /// <returns>Bytes received.</returns>
    public abstract ValueTask<int> WriteReceivedAsync(Socket socket, bool isTcp, CancellationToken cancellationToken);

    /// <summary>Nothing more will be sent: CloseSend by who serves the rpc, the request's end by who calls it (PROTOCOL §2.5).</summary>
    public abstract ValueTask CloseSendAsync(CancellationToken cancellationToken);
}
