using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.Peers.Load;

/// <summary>Request and response on one open stream, 128 bytes each way.</summary>
internal static class PingLoad
{
    private const int Length = 128;
    private const int WarmUp = 50;

    public static Dictionary<string, double> Run(IPAddress server, TimeSpan duration)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = 20_000,
        };
        socket.Connect(server, LoadPorts.Echo);
        var message = new byte[Length];
        for (var i = 0; i < WarmUp; i++)
        {
            Exchange(socket, message);
        }
        var latencies = new List<double>(1 << 16);
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < duration; )
        {
            var began = Stopwatch.GetTimestamp();
            Exchange(socket, message);
            latencies.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
        }
        return new() { ["p50"] = Percentile.Of(latencies, 0.50), ["p99"] = Percentile.Of(latencies, 0.99) };
    }

    private static void Exchange(Socket socket, byte[] message)
    {
        socket.Send(message);
        for (var got = 0; got < Length; )
        {
            var read = socket.Receive(message, got, Length - got, SocketFlags.None);
            if (read == 0)
            {
                throw new IOException("the stream ended");
            }
            got += read;
        }
    }
}
