using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Benchmarks.Http2;

/// <summary>
/// Tunnel messages up and bytes down, by our HTTP/2 connection and by HttpClient, to the same Kestrel in a process of its own. Both
/// take turns; each cell is the median of its runs, with what this process allocates and computes.
/// </summary>
internal static class TransportComparison
{
    private const long Length = 1L << 30;
    private const int Runs = 5;

    public static async Task RunAsync()
    {
        using var server = Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, [typeof(BulkServer).Assembly.Location, "http2-server"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        var port = int.Parse((await server.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        Console.WriteLine("| way | streams | transport | MB/s (least–greatest) | B allocated per MiB | CPU s/GiB |");
        Console.WriteLine("| --- | ---: | --- | ---: | ---: | ---: |");
        foreach (var up in (bool[])[true, false])
        foreach (var streams in (int[])[1, 16])
            await MeasureAsync(port, up, streams);
        server.StandardInput.Close();
        await server.WaitForExitAsync();
    }

    private static async Task MeasureAsync(int port, bool up, int streams)
    {
        var figures = new Dictionary<GrpcTransport, List<(double Rate, double Allocated, double Cpu)>>();
        for (var run = -1; run < Runs; run++)
            foreach (var transport in Enum.GetValues<GrpcTransport>())
            {
                using var channel = new GrpcChannel(
                    token => ConnectAsync(port, token),
                    new GrpcChannelOptions { Transport = transport }
                );
                var figure = await TransferAsync(channel, up, streams);
                // The first one warms up.
                if (run >= 0)
                    (figures.TryGetValue(transport, out var list) ? list : figures[transport] = []).Add(figure);
            }
        foreach (var (transport, list) in figures)
        {
            var rates = list.Select(f => f.Rate).Order().ToList();
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {(up ? "up" : "down")} | {streams} | {transport} | {rates[Runs / 2]:0} ({rates[0]:0}–{rates[^1]:0})"
                        + $" | {list.Select(f => f.Allocated).Order().ElementAt(Runs / 2):0}"
                        + $" | {list.Select(f => f.Cpu).Order().ElementAt(Runs / 2):0.00} |"
                )
            );
        }
    }

    private static async Task<(double Rate, double Allocated, double Cpu)> TransferAsync(
        GrpcChannel channel,
        bool up,
        int streams
    )
    {
        using var process = Process.GetCurrentProcess();
        // Connects, and has the windows grow.
        await OneAsync(channel, up, Length / 16);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = process.TotalProcessorTime;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(
            Enumerable.Range(0, streams).Select(_ => Task.Run(() => OneAsync(channel, up, Length / streams)))
        );
        var elapsed = Stopwatch.GetElapsedTime(began);
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        process.Refresh();
        cpu = process.TotalProcessorTime - cpu;
        return (Length / 1e6 / elapsed.TotalSeconds, allocated / (Length / 1048576.0), cpu.TotalSeconds);
    }

    private static async Task OneAsync(GrpcChannel channel, bool up, long length)
    {
        using var call = channel.OpenCall(
            up ? "/sink" : string.Create(CultureInfo.InvariantCulture, $"/source/{length}"),
            default
        );
        var requests = await call.GetRequestStreamAsync();
        if (up)
        {
            var writer = new TunnelWriter(requests);
            var chunk = new byte[TunnelMessageCodec.BulkDataLength];
            for (var left = length; left > 0; left -= chunk.Length)
                await writer.WriteDataAsync(chunk, flush: false, call.CancellationToken);
            await writer.FlushAsync(call.CancellationToken);
        }
        call.CompleteRequest();
        var responses = await call.GetResponseStreamAsync();
        var buffer = new byte[64 * 1024];
        while (await responses.ReadAsync(buffer, call.CancellationToken) > 0) { }
        call.ThrowUnlessOk();
    }

    private static async ValueTask<Stream> ConnectAsync(int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
