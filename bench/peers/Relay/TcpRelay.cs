using System.Net;
using System.Net.Sockets;

namespace Telepresence.Peers.Relay;

/// <summary>The plain relay: for each connection another one, and the bytes copied.</summary>
internal static class TcpRelay
{
    public static Task<int> RunAsync(string listen, string target, IEnumerable<int> ports)
    {
        var server = IPAddress.Parse(target);
        return RelayListener.RunAsync(
            IPAddress.Parse(listen),
            ports,
            async (near, port) =>
            {
                using var far = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
                {
                    NoDelay = true,
                };
                await far.ConnectAsync(server, port).ConfigureAwait(false);
                var stream = new NetworkStream(far);
                await using (stream.ConfigureAwait(false))
                {
                    await DuplexCopy
                        .RunAsync(near, stream, stream, () => far.Shutdown(SocketShutdown.Send))
                        .ConfigureAwait(false);
                }
            }
        );
    }
}
