using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox.Network;

/// <summary>The network as a pod sees it: the cluster's addresses, and a loopback of its own.</summary>
/// <param name="cluster">Where the rest is reached.</param>
/// <param name="source">The loopback address that stands for the pod as a source.</param>
internal sealed class PodNetwork(ClusterNetwork cluster, IPAddress source) : IClusterDialer
{
    private readonly ConcurrentDictionary<(IPAddress, int, ProtocolType), IPEndPoint> _loopback = new();

    /// <summary>Makes a loopback address answer in this pod alone.</summary>
    public void MapLoopback(IPAddress address, int port, ProtocolType protocol, IPEndPoint listener) =>
        _loopback[(address, port, protocol)] = listener;

    /// <inheritdoc/>
    public ValueTask<Socket> DialTcpAsync(IPEndPoint destination, CancellationToken cancellationToken) =>
        ClusterNetwork.ConnectAsync(Find(destination, ProtocolType.Tcp), ProtocolType.Tcp, source, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Socket> DialUdpAsync(IPEndPoint destination, CancellationToken cancellationToken) =>
        ClusterNetwork.ConnectAsync(Find(destination, ProtocolType.Udp), ProtocolType.Udp, source, cancellationToken);

    /// <summary>Connects to a listener of the pod's own.</summary>
    public ValueTask<Socket> ConnectAsync(
        IPEndPoint listener,
        ProtocolType protocol,
        CancellationToken cancellationToken
    ) => ClusterNetwork.ConnectAsync(listener, protocol, source, cancellationToken);

    private IPEndPoint Find(IPEndPoint destination, ProtocolType protocol) =>
        _loopback.TryGetValue((destination.Address, destination.Port, protocol), out var listener)
            ? listener
            : cluster.Find(destination, protocol);
}
