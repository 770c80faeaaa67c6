using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>Both directions of a tunnel, after its handshake.</summary>
internal readonly record struct TunnelStream(TunnelReader Reader, TunnelOutput Output);
