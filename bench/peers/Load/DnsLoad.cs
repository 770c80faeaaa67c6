using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Telepresence.Peers.Load;

/// <summary>One A question over and over, with a window of questions in flight, as dnsperf does it.</summary>
internal static class DnsLoad
{
    private const int Window = 100;

    public static Dictionary<string, double> Run(IPAddress server, string name, TimeSpan duration)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(server, LoadPorts.Dns);
        socket.ReceiveTimeout = 1000;
        var question = Question(name);
        var answer = new byte[1500];
        // The first fills the cache.
        Ask(socket, question, 0);
        Receive(socket, answer);
        var answered = 0L;
        var lost = 0L;
        ushort id = 1;
        for (; id <= Window; id++)
        {
            Ask(socket, question, id);
        }
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < duration)
        {
            if (Receive(socket, answer))
            {
                answered++;
                Ask(socket, question, id++);
                continue;
            }
            lost += Window;
            for (var i = 0; i < Window; i++)
            {
                Ask(socket, question, id++);
            }
        }
        return new() { ["per_second"] = answered / clock.Elapsed.TotalSeconds, ["lost"] = lost };
    }

    private static void Ask(Socket socket, byte[] question, ushort id)
    {
        BinaryPrimitives.WriteUInt16BigEndian(question, id);
        socket.Send(question);
    }

    private static bool Receive(Socket socket, byte[] answer)
    {
        int length;
        try
        {
            length = socket.Receive(answer);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.TimedOut)
        {
            return false;
        }
        var code = answer[3] & 15;
        var count = BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(6));
        return length > 12 && code == 0 && count > 0 ? true : throw new IOException($"DNS answered with code {code}");
    }

    private static byte[] Question(string name)
    {
        List<byte> message = [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        foreach (var label in name.Split('.'))
        {
            message.Add((byte)label.Length);
            message.AddRange(Encoding.ASCII.GetBytes(label));
        }
        return [.. message, 0, 0, 1, 0, 1];
    }
}
