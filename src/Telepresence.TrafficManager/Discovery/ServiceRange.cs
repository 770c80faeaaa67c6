using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>Ranges of service addresses as API servers without a ServiceCIDR API let them be known.</summary>
internal static partial class ServiceRange
{
    private const int GuessedPrefix4 = 16;
    private const int GuessedPrefix6 = 64;

    /// <summary>Reads it from the refusal of an address outside it: <c>The range of valid IPs is 10.96.0.0/16</c>.</summary>
    public static bool TryParse(string? refusal, out IPNetwork range)
    {
        range = default;
        return Refusal().Match(refusal ?? "") is { Success: true } match
            && IPNetwork.TryParse(match.Groups[1].ValueSpan, out range);
    }

    /// <summary>A guess where nothing tells: the /16, for IPv6 the /64, around a service's address.</summary>
    public static IPNetwork Around(IPAddress service)
    {
        var prefix = service.AddressFamily == AddressFamily.InterNetwork ? GuessedPrefix4 : GuessedPrefix6;
        var bytes = service.GetAddressBytes();
        bytes.AsSpan(prefix / 8).Clear();
        return new IPNetwork(new IPAddress(bytes), prefix);
    }

    [GeneratedRegex(@"[Tt]he range of valid IPs is ([0-9a-fA-F.:]+/[0-9]+)")]
    private static partial Regex Refusal();
}
