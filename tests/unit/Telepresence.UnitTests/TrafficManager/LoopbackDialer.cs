using System.Net;
using System.Net.Sockets;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.UnitTests.TrafficManager;

/// <summary>Dials this machine, and nothing else.</summary>
internal sealed class LoopbackDialer : IClusterDialer
{
    public async ValueTask<Socket> DialTcpAsync(IPEndPoint destination, CancellationToken cancellationToken) =>
        await ConnectAsync(SocketType.Stream, ProtocolType.Tcp, destination, cancellationToken);

    public async ValueTask<Socket> DialUdpAsync(IPEndPoint destination, CancellationToken cancellationToken) =>
        await ConnectAsync(SocketType.Dgram, ProtocolType.Udp, destination, cancellationToken);

    private static async ValueTask<Socket> ConnectAsync(
        SocketType type,
        ProtocolType protocol,
        IPEndPoint destination,
        CancellationToken cancellationToken
    )
    {
        Assert.True(IPAddress.IsLoopback(destination.Address));
        var socket = new Socket(destination.AddressFamily, type, protocol);
        try
        {
            await socket.ConnectAsync(destination, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
