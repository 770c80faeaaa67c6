namespace Telepresence.Protocol.Grpc;

/// <summary>HTTP/2 below a channel: one connection at a time, opened anew with the next call when it broke.</summary>
internal interface IGrpcTransport : IDisposable
{
    /// <summary>Why the last connection leads to no gRPC server; null where it does, or nothing is known yet.</summary>
    GrpcPeerException? PeerMismatch { get; }

    /// <summary>A request to come.</summary>
    /// <param name="onlyMessage">Its body; null: the caller writes it.</param>
    IGrpcExchange CreateExchange(byte[]? onlyMessage);
}
