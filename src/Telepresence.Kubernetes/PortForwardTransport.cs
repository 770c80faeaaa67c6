namespace Telepresence.Kubernetes;

/// <summary>How a forwarded port is carried through the API server (PROTOCOL §1.3).</summary>
internal enum PortForwardTransport
{
    /// <summary>WebSocket with the subprotocol <c>v4.channel.k8s.io</c>; the API server asks for the verb <c>get</c>.</summary>
    WebSocketChannels,

    /// <summary>SPDY/3.1 inside a WebSocket (KEP-4006), from Kubernetes 1.30 on; likewise <c>get</c>.</summary>
    WebSocketTunnel,

    /// <summary>SPDY/3.1 as kubectl used it always; the API server asks for the verb <c>create</c>.</summary>
    Spdy,
}
