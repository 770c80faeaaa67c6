using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>How far ends are dialled, and how long they may be silent.</summary>
/// <param name="Dialer">Opens them.</param>
/// <param name="TcpIdleTimeout">A TCP tunnel without traffic for that long is closed.</param>
/// <param name="UdpIdleTimeout">A UDP tunnel without traffic for that long is closed.</param>
/// <param name="EmptyDialReject">True: no errno in a DialReject, as upstream.</param>
/// <param name="TimeProvider">Measures both, and the dial.</param>
internal sealed record DialOptions(
    IClusterDialer Dialer,
    TimeSpan TcpIdleTimeout,
    TimeSpan UdpIdleTimeout,
    bool EmptyDialReject,
    TimeProvider TimeProvider
);
