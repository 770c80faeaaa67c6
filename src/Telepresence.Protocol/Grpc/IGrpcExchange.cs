namespace Telepresence.Protocol.Grpc;

/// <summary>
/// One HTTP/2 request and its response. What it throws is what <see cref="GrpcCall.IsOfTransport"/> says. Disposing it resets
/// what is still open.
/// </summary>
internal interface IGrpcExchange : IDisposable
{
    /// <summary>Where the request's body is written, once its headers are sent.</summary>
    Task<Stream> RequestStream { get; }

    /// <summary>Sends the request; once.</summary>
    /// <param name="path">The rpc.</param>
    /// <param name="headers">Beside those that every gRPC request has.</param>
    /// <returns>The response, when its headers have come.</returns>
    Task<GrpcResponse> SendAsync(string path, Metadata headers, CancellationToken cancellationToken);

    /// <summary>Ends the request's body.</summary>
    void CompleteRequest();

    /// <summary>Resets the request, and fails <see cref="RequestStream"/> if it never came.</summary>
    void Abort(Exception reason);
}
