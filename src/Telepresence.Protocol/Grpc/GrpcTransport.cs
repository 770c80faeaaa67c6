namespace Telepresence.Protocol.Grpc;

/// <summary>What speaks HTTP/2 below a <see cref="GrpcChannel"/>.</summary>
public enum GrpcTransport
{
    /// <summary>Ours, made for tunnels.</summary>
    Http2Connection,

    /// <summary>The runtime's HttpClient: what ours is compared with.</summary>
    HttpClient,
}
