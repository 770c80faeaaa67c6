using System.Net;
using System.Net.Sockets;
using Telepresence.Peers.Lab;

namespace Telepresence.Peers.Load;

/// <summary>A name server that knows one answer: what the far side has for cluster DNS, and the raw column's server.</summary>
internal static class DnsResponder
{
    private const int HeaderLength = 12;

    // Name by pointer to the question, type A, class IN, TTL 300 s, 4 bytes.
    private static readonly byte[] _answer =
    [
        0xC0,
        HeaderLength,
        0,
        1,
        0,
        1,
        0,
        0,
        1,
        0x2C,
        0,
        4,
        .. IPAddress.Parse(Network.DirectService).GetAddressBytes(),
    ];

    public static void Serve(Socket socket)
    {
        var buffer = new byte[2048];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (true)
        {
            var length = socket.ReceiveFrom(buffer.AsSpan(0, 512), SocketFlags.None, from);
            var question = EndOfQuestion(buffer.AsSpan(0, length));
            if (question < 0)
            {
                continue;
            }
            var isAddress = buffer[question - 3] == 1;
            buffer[2] = 0x85;
            buffer[3] = 0x80;
            buffer.AsSpan(6, 6).Clear();
            length = question;
            if (isAddress)
            {
                buffer[7] = 1;
                _answer.CopyTo(buffer, length);
                length += _answer.Length;
            }
            socket.SendTo(buffer.AsSpan(0, length), SocketFlags.None, from);
        }
    }

    private static int EndOfQuestion(ReadOnlySpan<byte> message)
    {
        var at = HeaderLength;
        while (at < message.Length && message[at] != 0)
        {
            at += message[at] + 1;
        }
        return at + 5 <= message.Length ? at + 5 : -1;
    }
}
