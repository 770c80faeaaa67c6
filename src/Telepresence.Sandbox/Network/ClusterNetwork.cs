using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox.Network;

/// <summary>The sandbox's network: a table from cluster addresses to loopback listeners. Nothing else is ever dialled.</summary>
internal sealed class ClusterNetwork : IClusterDialer
{
    private readonly ConcurrentDictionary<(IPAddress, int, ProtocolType), Route> _routes = new();

    /// <summary>Makes a cluster address answer; with several backends each connection takes the next one.</summary>
    public void Map(IPAddress address, int port, ProtocolType protocol, params IPEndPoint[] backends)
    {
        ArgumentOutOfRangeException.ThrowIfZero(backends.Length);
        _routes[(address, port, protocol)] = new Route(backends);
    }

    public void Unmap(IPAddress address, int port, ProtocolType protocol) =>
        _routes.TryRemove((address, port, protocol), out _);

    /// <inheritdoc/>
    public async ValueTask<Socket> DialTcpAsync(IPEndPoint destination, CancellationToken cancellationToken)
    {
        var backend = Find(destination, ProtocolType.Tcp);
        var socket = new Socket(backend.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(backend, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Socket> DialUdpAsync(IPEndPoint destination, CancellationToken cancellationToken)
    {
        var backend = Find(destination, ProtocolType.Udp);
        var socket = new Socket(backend.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            await socket.ConnectAsync(backend, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private IPEndPoint Find(IPEndPoint destination, ProtocolType protocol)
    {
        var address = destination.Address.IsIPv4MappedToIPv6 ? destination.Address.MapToIPv4() : destination.Address;
        return _routes.TryGetValue((address, destination.Port, protocol), out var route)
            ? route.Next()
            : throw new SocketException((int)SocketError.ConnectionRefused);
    }

    private sealed class Route(IPEndPoint[] backends)
    {
        private int _next = -1;

        public IPEndPoint Next() => backends[(int)((uint)Interlocked.Increment(ref _next) % (uint)backends.Length)];
    }
}
