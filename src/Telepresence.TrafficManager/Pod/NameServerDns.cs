using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Dns;

namespace Telepresence.TrafficManager.Pod;

/// <summary>Cluster DNS by the name servers of the pod: UDP, and TCP for what does not fit.</summary>
internal sealed class NameServerDns(IReadOnlyList<IPEndPoint> servers) : IClusterDns
{
    private const int ServerFailure = 2;
    private static readonly TimeSpan TryTimeout = TimeSpan.FromSeconds(2);

    public static NameServerDns From(ResolverConfiguration resolver) =>
        new([.. resolver.NameServers.Select(address => new IPEndPoint(address, 53))]);

    public async ValueTask<ClusterDnsAnswer> ResolveAsync(
        string name,
        ushort type,
        string clientNamespace,
        CancellationToken cancellationToken
    )
    {
        foreach (var server in servers)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(TryTimeout);
            try
            {
                return await AskAsync(server, name, type, limit.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
            {
                // The next server may answer.
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        return new ClusterDnsAnswer(ServerFailure, []);
    }

    private static async Task<ClusterDnsAnswer> AskAsync(
        IPEndPoint server,
        string name,
        ushort type,
        CancellationToken cancellationToken
    )
    {
        var id = (ushort)RandomNumberGenerator.GetInt32(65536);
        var query = DnsWire.EncodeQuery(id, name, type);
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        await socket.SendAsync(query, cancellationToken).ConfigureAwait(false);
        var buffer = new byte[4096];
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (DnsAnswer.TryParse(buffer.AsSpan(0, length), id, out var answer, out var truncated))
                return truncated
                    ? await AskByTcpAsync(server, id, query, cancellationToken).ConfigureAwait(false)
                    : answer;
            if (truncated)
                return await AskByTcpAsync(server, id, query, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<ClusterDnsAnswer> AskByTcpAsync(
        IPEndPoint server,
        ushort id,
        byte[] query,
        CancellationToken cancellationToken
    )
    {
        using var client = new TcpClient(server.AddressFamily);
        await client.ConnectAsync(server, cancellationToken).ConfigureAwait(false);
        var stream = client.GetStream();
        var framed = new byte[2 + query.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)query.Length);
        query.CopyTo(framed, 2);
        await stream.WriteAsync(framed, cancellationToken).ConfigureAwait(false);
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, cancellationToken).ConfigureAwait(false);
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(message, cancellationToken).ConfigureAwait(false);
        return DnsAnswer.TryParse(message, id, out var answer, out _)
            ? answer
            : throw new IOException($"The name server {server} sent no DNS answer.");
    }
}
