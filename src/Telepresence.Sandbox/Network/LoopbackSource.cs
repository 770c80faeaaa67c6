using System.Net;
using System.Net.Sockets;

namespace Telepresence.Sandbox.Network;

/// <summary>
/// Loopback addresses that stand for pods as the source of connections: 127.0.0.0/8 is all loopback on Linux and Windows.
/// Where it is not, connections leave from 127.0.0.1 and tell nothing.
/// </summary>
internal static class LoopbackSource
{
    private const int IpProtocolLevel = 0;

    // Linux's IP_BIND_ADDRESS_NO_PORT: the port is chosen at connect, so that one per destination is used up and not one in all.
    private const int BindAddressNoPort = 24;

    private const int FirstBlock = 77;
    private const int PodsPerBlock = 254;

    /// <param name="index">From 0.</param>
    public static IPAddress At(int index) =>
        new([127, (byte)FirstBlock, (byte)(index / PodsPerBlock), (byte)(1 + (index % PodsPerBlock))]);

    public static void Bind(Socket socket, IPAddress source)
    {
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(IpProtocolLevel, BindAddressNoPort, BitConverter.GetBytes(1));
        }
        try
        {
            socket.Bind(new IPEndPoint(source, 0));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            // macOS has 127.0.0.1 alone.
            return;
        }
    }
}
