namespace Telepresence.Protocol.Grpc;

/// <summary>What answered does not speak gRPC: no HTTP/2, or another content type.</summary>
public sealed class GrpcPeerException(string message, Exception? innerException = null)
    : IOException(message, innerException);
