namespace Telepresence.Protocol.Grpc;

/// <summary>The response of an <see cref="IGrpcExchange"/>.</summary>
/// <param name="HttpStatus">HTTP's status code.</param>
/// <param name="ContentType">Null: none was sent.</param>
/// <param name="Headers">Sent before the body.</param>
/// <param name="Body">The messages.</param>
/// <param name="ReadTrailers">What was sent after the body; only there after its end, or nothing.</param>
internal sealed record GrpcResponse(
    int HttpStatus,
    string? ContentType,
    Metadata Headers,
    Stream Body,
    Func<Metadata> ReadTrailers
);
