using System.Net.Http.Headers;

namespace Telepresence.Protocol.Grpc;

/// <summary>A request of <see cref="HttpClientTransport"/>.</summary>
/// <param name="onlyMessage">Null: the caller writes to <see cref="RequestStream"/>.</param>
internal sealed class HttpClientExchange(HttpMessageInvoker invoker, Uri address, byte[]? onlyMessage) : IGrpcExchange
{
    private readonly GrpcRequestContent _content = new(onlyMessage);
    private HttpResponseMessage? _response;
    private volatile bool _isDisposed;

    public Task<Stream> RequestStream => _content.Stream;

    public async Task<GrpcResponse> SendAsync(string path, Metadata headers, CancellationToken cancellationToken)
    {
        // HttpMessageInvoker applies no defaults: without these two lines the request goes out as HTTP/1.1.
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = _content,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach (var (key, value) in headers)
            request.Headers.TryAddWithoutValidation(key, value);
        var response = await invoker.SendAsync(request, cancellationToken).ConfigureAwait(false);
        _response = response;
        if (_isDisposed)
            response.Dispose();
        return new GrpcResponse(
            (int)response.StatusCode,
            response.Content.Headers.ContentType?.MediaType,
            ToMetadata(response.Headers),
            await response.Content.ReadAsStreamAsync(CancellationToken.None).ConfigureAwait(false),
            () => ToMetadata(response.TrailingHeaders)
        );
    }

    public void CompleteRequest() => _content.Complete();

    public void Abort(Exception reason) => _content.Abort(reason);

    public void Dispose()
    {
        _isDisposed = true;
        _response?.Dispose();
    }

    private static Metadata ToMetadata(HttpHeaders headers)
    {
        var metadata = new Metadata();
        foreach (var header in headers)
        foreach (var value in header.Value)
            metadata.Add(header.Key, value);
        return metadata;
    }
}
