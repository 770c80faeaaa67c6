using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox.Network;

/// <summary>The sandbox's network: a table from cluster addresses to loopback listeners. Nothing else is ever dialled.</summary>
internal sealed class ClusterNetwork : IClusterDialer
{
    private readonly ConcurrentDictionary<(IPAddress, int, ProtocolType), Route> _routes = new();
    private readonly ConcurrentDictionary<IPAddress, PodNetwork> _pods = new();
    private readonly ConcurrentDictionary<IPAddress, IPAddress> _podOfSource = new();
    private readonly Lock _addingPod = new();

    /// <summary>Makes a cluster address answer; with several backends each connection takes the next one.</summary>
    public void Map(IPAddress address, int port, ProtocolType protocol, params IPEndPoint[] backends)
    {
        ArgumentOutOfRangeException.ThrowIfZero(backends.Length);
        _routes[(address, port, protocol)] = new Route(backends);
    }

    /// <summary>As <see cref="Map"/>, where something answers already.</summary>
    public void Remap(IPAddress address, int port, ProtocolType protocol, params IPEndPoint[] backends)
    {
        if (_routes.TryGetValue((address, port, protocol), out var present))
        {
            _routes.TryUpdate((address, port, protocol), new Route(backends), present);
        }
    }

    public void Unmap(IPAddress address, int port, ProtocolType protocol) =>
        _routes.TryRemove((address, port, protocol), out _);

    /// <summary>The network as that pod sees it; what is dialled through it comes from the pod's address.</summary>
    public PodNetwork From(IPAddress podAddress)
    {
        lock (_addingPod)
        {
            if (_pods.TryGetValue(podAddress, out var known))
            {
                return known;
            }
            var source = LoopbackSource.At(_pods.Count);
            _podOfSource[source] = podAddress;
            return _pods[podAddress] = new PodNetwork(this, source);
        }
    }

    /// <summary>Who a listener's peer is in the cluster: a pod's address; where no pod dialled, the peer's own.</summary>
    public IPAddress PeerOf(IPAddress remote)
    {
        var address = remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote;
        return _podOfSource.GetValueOrDefault(address, address);
    }

    /// <inheritdoc/>
    public ValueTask<Socket> DialTcpAsync(IPEndPoint destination, CancellationToken cancellationToken) =>
        ConnectAsync(Find(destination, ProtocolType.Tcp), ProtocolType.Tcp, null, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Socket> DialUdpAsync(IPEndPoint destination, CancellationToken cancellationToken) =>
        ConnectAsync(Find(destination, ProtocolType.Udp), ProtocolType.Udp, null, cancellationToken);

    internal IPEndPoint Find(IPEndPoint destination, ProtocolType protocol)
    {
        var address = destination.Address.IsIPv4MappedToIPv6 ? destination.Address.MapToIPv4() : destination.Address;
        return _routes.TryGetValue((address, destination.Port, protocol), out var route)
            ? route.Next()
            : throw new SocketException((int)SocketError.ConnectionRefused);
    }

    /// <param name="listener">On loopback.</param>
    /// <param name="protocol">Tcp or Udp.</param>
    /// <param name="source">The loopback address to come from; null: any.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    internal static async ValueTask<Socket> ConnectAsync(
        IPEndPoint listener,
        ProtocolType protocol,
        IPAddress? source,
        CancellationToken cancellationToken
    )
    {
        var isTcp = protocol == ProtocolType.Tcp;
        var socket = new Socket(listener.AddressFamily, isTcp ? SocketType.Stream : SocketType.Dgram, protocol);
        try
        {
            if (isTcp)
            {
                socket.NoDelay = true;
            }
            if (source is not null && listener.AddressFamily == source.AddressFamily)
            {
                LoopbackSource.Bind(socket, source);
            }
            await socket.ConnectAsync(listener, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class Route(IPEndPoint[] backends)
    {
        private int _next = -1;

        public IPEndPoint Next() => backends[(int)((uint)Interlocked.Increment(ref _next) % (uint)backends.Length)];
    }
}
