using System.Buffers;
using System.Net.Sockets;

namespace Telepresence.Sandbox.Workloads;

/// <summary>The TCP echo service (RFC 862): sends back what comes, and half-closes after the peer has.</summary>
internal static class Echo
{
    public static async Task ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int read;
            while ((read = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                await socket.SendAllAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
            socket.Shutdown(SocketShutdown.Send);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
