using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Telepresence.Peers.Load;

/// <summary>The near end of a column: one process a workstation, which measures what its input's lines ask for.</summary>
internal static class LoadClientAgent
{
    public static int Run()
    {
        using var held = new HeldConnections();
        while (Console.In.ReadLine() is { } line)
        {
            Dictionary<string, double> result;
            try
            {
                result = Measure(line.Split(' '), held);
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                Console.Out.WriteLine($"error {line}: {e.Message}");
                continue;
            }
            Console.Out.WriteLine(JsonSerializer.Serialize(result));
        }
        return 0;
    }

    private static Dictionary<string, double> Measure(string[] words, HeldConnections held) =>
        words switch
        {
            ["connect", var address, var concurrency, var seconds] => ConnectLoad.Run(
                At(address),
                Int(concurrency),
                Time(seconds)
            ),
            ["ping", var address, var seconds] => PingLoad.Run(At(address), Time(seconds)),
            ["udp", var address, var control, var size, var rate, var seconds] => DatagramLoad.Run(
                At(address),
                At(control),
                Int(size),
                Int(rate),
                Time(seconds)
            ),
            ["hold", var address, var count] => held.Open(At(address), Int(count)),
            ["release"] => held.Close(),
            _ => throw new IOException("no such measure"),
        };

    private static IPAddress At(string text) => IPAddress.Parse(text);

    private static int Int(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static TimeSpan Time(string text) => TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture));
}
