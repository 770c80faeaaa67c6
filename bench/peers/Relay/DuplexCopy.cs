using System.Net.Sockets;

namespace Telepresence.Peers.Relay;

/// <summary>Copies both ways between a socket and a pair of streams until both have ended.</summary>
internal static class DuplexCopy
{
    private const int BufferLength = 64 * 1024;

    /// <param name="endOutput">Tells the other side that nothing more comes.</param>
    public static async Task RunAsync(Socket socket, Stream input, Stream output, Action endOutput)
    {
        var stream = new NetworkStream(socket);
        await using (stream.ConfigureAwait(false))
        {
            var there = CopyAsync(stream, output, endOutput);
            var back = CopyAsync(input, stream, () => socket.Shutdown(SocketShutdown.Send));
            await Task.WhenAll(there, back).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One way, each piece as it comes.</summary>
    public static async Task CopyAsync(Stream from, Stream to, Action endTo)
    {
        var buffer = new byte[BufferLength];
        int read;
        while ((read = await from.ReadAsync(buffer).ConfigureAwait(false)) > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, read)).ConfigureAwait(false);
            await to.FlushAsync().ConfigureAwait(false);
        }
        endTo();
    }
}
