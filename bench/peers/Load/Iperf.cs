using System.Globalization;
using System.Text.Json;
using Telepresence.Peers.Lab;

namespace Telepresence.Peers.Load;

/// <summary>Bulk transfer by iperf3; what the receiving side counted is what counts.</summary>
internal static class Iperf
{
    public const string Program = "iperf3";

    /// <exception cref="IOException">It ended with an error.</exception>
    public static async Task<IperfResult> RunAsync(Column column, int streams, bool down, double seconds)
    {
        // It takes whole seconds only.
        var time = Math.Max(1, (int)Math.Round(seconds));
        string[] arguments =
        [
            .. $"-J -c {column.Address} -p {column.BulkPort} -t {time} -P {streams} --connect-timeout 5000".Split(' '),
            .. down ? ["-R"] : Array.Empty<string>(),
        ];
        var output = await Network.OutputOfAsync(column.Workstation, Program, arguments).ConfigureAwait(false);
        return Parse(output);
    }

    /// <summary>Reads what <c>iperf3 -J</c> writes.</summary>
    /// <exception cref="IOException">It reports an error, or nothing.</exception>
    public static IperfResult Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.TryGetProperty("error", out var error))
            {
                throw new IOException($"{Program}: {error.GetString()}");
            }
            var end = document.RootElement.GetProperty("end");
            var sum = end.GetProperty("sum_received");
            var shares = end.GetProperty("streams")
                .EnumerateArray()
                .Select(s => s.GetProperty("receiver").GetProperty("bytes").GetDouble())
                .ToArray();
            return new(
                sum.GetProperty("bits_per_second").GetDouble(),
                sum.GetProperty("bytes").GetDouble(),
                Jain(shares)
            );
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            var beginning = json[..Math.Min(json.Length, 200)];
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"{Program} said: {beginning}"), e);
        }
    }

    /// <summary>Jain's index: 1 when all got the same, 1/n when one got all.</summary>
    public static double Jain(IReadOnlyCollection<double> shares)
    {
        var squares = shares.Sum(s => s * s);
        return squares == 0 ? 0 : Math.Pow(shares.Sum(), 2) / (shares.Count * squares);
    }
}
