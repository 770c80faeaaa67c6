using System.Net;
using System.Net.Sockets;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Dns;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>The cluster's domain from the name of one of its services (PROTOCOL §7.1).</summary>
internal sealed class ClusterDomain(IClusterDns dns, TimeProvider time)
{
    private const string Marker = ".svc.";
    private const int Tries = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    /// <param name="service">Address of a service.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    /// <returns>With trailing dot; null: cluster DNS gives no name of a service.</returns>
    public async Task<string?> FindAsync(IPAddress service, CancellationToken cancellationToken)
    {
        var name = ReverseName(service);
        for (var attempt = 1; ; attempt++)
        {
            var answer = await dns.ResolveAsync(name, DnsWire.TypePtr, "", cancellationToken).ConfigureAwait(false);
            foreach (var record in answer.Records)
                if (record.Type == DnsWire.TypePtr && DomainOf(record.Data) is { } domain)
                    return domain;
            if (attempt == Tries)
                return null;
            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static string? DomainOf(byte[] pointer)
    {
        var end = 0;
        if (!DnsAnswer.TryReadName(pointer, ref end, out var service))
            return null;
        var at = service.IndexOf(Marker, StringComparison.OrdinalIgnoreCase);
        return at > 0 ? service[(at + Marker.Length)..].ToLowerInvariant() : null;
    }

    private static string ReverseName(IPAddress address)
    {
        var bytes = address.GetAddressBytes().Reverse();
        return address.AddressFamily == AddressFamily.InterNetwork
            ? $"{string.Join('.', bytes)}.in-addr.arpa."
            : $"{string.Join('.', bytes.SelectMany(b => new[] { b & 15, b >> 4 }).Select(n => n.ToString("x")))}.ip6.arpa.";
    }
}
