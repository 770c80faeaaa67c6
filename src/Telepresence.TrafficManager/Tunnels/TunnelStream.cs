using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>Both directions of a tunnel, after its handshake.</summary>
/// <param name="Reader">What the peer sends.</param>
/// <param name="Output">What the peer receives.</param>
/// <param name="First">
/// The reader's first step, if it was taken already: for who calls the rpc its end is the only sign that the peer has given up.
/// </param>
internal readonly record struct TunnelStream(TunnelReader Reader, TunnelOutput Output, Task<bool>? First = null);
