using System.Net;
using System.Net.Sockets;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox.Network;

/// <summary>An HTTP client that stands in a pod.</summary>
internal static class InsideCaller
{
    private const ushort TypeA = 1;

    public static HttpClient Create(IClusterDialer dialer, IClusterDns dns, string ns) =>
        new(
            new SocketsHttpHandler
            {
                // A caller that kept connections would go on to reach whoever had them first.
                PooledConnectionLifetime = TimeSpan.Zero,
                ConnectCallback = async (context, cancellationToken) =>
                {
                    var endPoint = context.DnsEndPoint;
                    var address = await ResolveAsync(dns, endPoint.Host, ns, cancellationToken).ConfigureAwait(false);
                    var socket = await dialer
                        .DialTcpAsync(new IPEndPoint(address, endPoint.Port), cancellationToken)
                        .ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                },
            }
        );

    private static async ValueTask<IPAddress> ResolveAsync(
        IClusterDns dns,
        string host,
        string ns,
        CancellationToken cancellationToken
    )
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address))
        {
            return address;
        }
        foreach (var suffix in new[] { $".{ns}.svc.cluster.local.", ".svc.cluster.local.", ".cluster.local.", "." })
        {
            var answer = await dns.ResolveAsync(host.ToLowerInvariant() + suffix, TypeA, ns, cancellationToken)
                .ConfigureAwait(false);
            if (answer.Records.FirstOrDefault(r => r.Type == TypeA) is { } record)
            {
                return new IPAddress(record.Data);
            }
        }
        throw new SocketException((int)SocketError.HostNotFound);
    }
}
