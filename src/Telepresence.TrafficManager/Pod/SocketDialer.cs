using System.Net;
using System.Net.Sockets;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Pod;

/// <summary>Dials from where the manager runs.</summary>
internal sealed class SocketDialer : IClusterDialer
{
    public async ValueTask<Socket> DialTcpAsync(IPEndPoint destination, CancellationToken cancellationToken)
    {
        // What an application sent in one piece leaves in one piece; Nagle would only add delay.
        var socket = new Socket(destination.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        return await ConnectAsync(socket, destination, cancellationToken).ConfigureAwait(false);
    }

    public ValueTask<Socket> DialUdpAsync(IPEndPoint destination, CancellationToken cancellationToken) =>
        ConnectAsync(
            new Socket(destination.AddressFamily, SocketType.Dgram, ProtocolType.Udp),
            destination,
            cancellationToken
        );

    private static async ValueTask<Socket> ConnectAsync(
        Socket socket,
        IPEndPoint destination,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await socket.ConnectAsync(destination, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
