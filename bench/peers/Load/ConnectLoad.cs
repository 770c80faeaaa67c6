using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.Peers.Load;

/// <summary>Connect, one byte there, one byte back, close; again and again, by some threads at once.</summary>
internal static class ConnectLoad
{
    public static Dictionary<string, double> Run(IPAddress server, int concurrency, TimeSpan duration)
    {
        var latencies = new List<double>[concurrency];
        Exception? failure = null;
        var clock = Stopwatch.StartNew();
        var threads = Enumerable
            .Range(0, concurrency)
            .Select(i => new Thread(() =>
            {
                latencies[i] = [];
                try
                {
                    while (clock.Elapsed < duration)
                    {
                        var began = Stopwatch.GetTimestamp();
                        Once(server);
                        latencies[i].Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
                    }
                }
                catch (Exception e) when (e is SocketException or IOException)
                {
                    failure = e;
                }
            }))
            .ToArray();
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        var seconds = clock.Elapsed.TotalSeconds;
        if (failure is not null)
        {
            throw new IOException($"a connection broke: {failure.Message}");
        }
        var all = latencies.SelectMany(l => l).ToList();
        return new()
        {
            ["per_second"] = all.Count / seconds,
            ["p50"] = Percentile.Of(all, 0.50),
            ["p99"] = Percentile.Of(all, 0.99),
        };
    }

    private static void Once(IPAddress server)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = 20_000,
        };
        socket.Connect(server, LoadPorts.Echo);
        Span<byte> one = [1];
        socket.Send(one);
        if (socket.Receive(one) != 1)
        {
            throw new IOException("no answer");
        }
    }
}
