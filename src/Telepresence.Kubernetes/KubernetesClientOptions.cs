using System.Net;
using System.Net.Sockets;
using Telepresence.Protocol;

namespace Telepresence.Kubernetes;

/// <summary>Opens the byte stream below TLS. The session passes one that never leaves through its own interface.</summary>
internal delegate ValueTask<Stream> ConnectFunction(DnsEndPoint endPoint, CancellationToken cancellationToken);

/// <summary>How a <see cref="KubernetesClient"/> behaves, apart from whom it talks to.</summary>
internal sealed record KubernetesClientOptions
{
    /// <summary>Bound of one call, connecting included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Bound of one run of a credential plugin: somebody may have to log in with a browser.</summary>
    public TimeSpan PluginTimeout { get; init; } = TimeSpan.FromMinutes(1);
    public ConnectFunction Connect { get; init; } = ConnectDirectlyAsync;
    public TimeProvider Time { get; init; } = TimeProvider.System;

    private static async ValueTask<Stream> ConnectDirectlyAsync(
        DnsEndPoint endPoint,
        CancellationToken cancellationToken
    )
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            UnsentLimit.Apply(socket);
            // A connection that nothing comes over, as after a sleep or a change of network, is to fail within 30 s.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 15);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
