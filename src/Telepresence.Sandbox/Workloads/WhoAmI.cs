using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Telepresence.Sandbox.Workloads;

/// <summary>Tells whoever connects by TCP which address it comes from, as the cluster sees it, in one line, and closes.</summary>
internal static class WhoAmI
{
    public static async Task ServeAsync(
        Socket socket,
        Func<IPAddress, IPAddress> peerOf,
        CancellationToken cancellationToken
    )
    {
        var peer = peerOf(((IPEndPoint)socket.RemoteEndPoint!).Address);
        await socket.SendAllAsync(Encoding.ASCII.GetBytes($"{peer}\n"), cancellationToken).ConfigureAwait(false);
        socket.Shutdown(SocketShutdown.Send);
        // Closing before the peer has read to the end would reset the connection where the peer had sent something.
        while (await socket.ReceiveAsync(new byte[256], cancellationToken).ConfigureAwait(false) > 0) { }
    }
}
