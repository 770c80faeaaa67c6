namespace Telepresence.TrafficManager.Tunnels;

/// <summary>What a tunnel carried.</summary>
/// <param name="ToCluster">Bytes from the client.</param>
/// <param name="FromCluster">Bytes to the client.</param>
internal readonly record struct TunnelTraffic(long ToCluster, long FromCluster);
