using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol;

namespace Telepresence.UnitTests.Protocol;

public sealed class UnsentLimitTests
{
    private const int SendBuffer = 4 * 1024 * 1024;

    [SkippableFact]
    public void A_socket_takes_little_more_than_its_peer_does()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "other systems have other buffers");
        var (without, buffer) = Taken(limited: false);

        var (limited, _) = Taken(limited: true);

        // Both have what the peer's buffer holds; one also fills its own, which has a bound of the system's.
        Assert.True(without - limited > buffer / 4, $"{limited} rather than {without} bytes of {buffer}");
    }

    /// <summary>What a socket takes whose peer reads nothing.</summary>
    private static (int Bytes, int SendBuffer) Taken(bool limited)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.ReceiveBufferSize = 64 * 1024;
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        sender.SendBufferSize = SendBuffer;
        if (limited)
            UnsentLimit.Apply(sender);
        sender.Connect(listener.LocalEndPoint!);
        using var receiver = listener.Accept();
        sender.Blocking = false;
        var bytes = new byte[16 * 1024];
        var taken = 0;
        while (true)
        {
            try
            {
                taken += sender.Send(bytes);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
            {
                return (taken, sender.SendBufferSize);
            }
        }
    }
}
