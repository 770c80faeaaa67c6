using Telepresence.Protocol.Http2;
using Telepresence.Protocol.Http2.Hpack;

namespace Telepresence.Protocol.Grpc;

/// <summary>A request of <see cref="Http2Transport"/>.</summary>
/// <param name="onlyMessage">Null: the caller writes to <see cref="RequestStream"/>.</param>
internal sealed class Http2Exchange(Http2Transport transport, byte[]? onlyMessage) : IGrpcExchange
{
    private const int Tries = 3;

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<Stream> _request = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Http2Stream? _stream;
    private Exception? _aborted;
    private bool _isCompleted;

    public Task<Stream> RequestStream => _request.Task;

    public async Task<GrpcResponse> SendAsync(string path, Metadata headers, CancellationToken cancellationToken)
    {
        var fields = ToFields(path, headers);
        for (var left = Tries; ; left--)
        {
            Http2Stream? stream = null;
            try
            {
                var connection = await transport.GetConnectionAsync(cancellationToken).ConfigureAwait(false);
                stream = await connection.OpenAsync(fields, onlyMessage, cancellationToken).ConfigureAwait(false);
                Adopt(stream);
                var response = await stream.Response.ConfigureAwait(false);
                return new GrpcResponse(
                    response.Status,
                    MediaTypeOf(response.Headers),
                    ToMetadata(response.Headers),
                    stream,
                    () => ToMetadata(stream.Trailers)
                );
            }
            catch (Http2Exception e) when (e.IsUnprocessed && left > 1 && MayBeSentAgain(stream))
            {
                // The connection ended before anything of the request left, or the peer went away, or has no room now, and has
                // not looked at it (RFC 9113 §8.7): what gRPC calls a transparent retry.
            }
        }
    }

    public void CompleteRequest()
    {
        lock (_gate)
        {
            _isCompleted = true;
            if (_stream is null)
                return;
        }
        _stream.CompleteRequest();
    }

    public void Abort(Exception reason)
    {
        lock (_gate)
            _aborted ??= reason;
        if (_request.TrySetException(reason))
            _ = _request.Task.Exception;
        _stream?.Reset(Http2ErrorCode.Cancel, reason);
    }

    public void Dispose() => Abort(new OperationCanceledException("The call was given up."));

    /// <summary>Not when somebody may have written to the stream, nor to a peer of another protocol.</summary>
    private bool MayBeSentAgain(Http2Stream? stream) =>
        (stream is null || onlyMessage is not null) && transport.PeerMismatch is null;

    private void Adopt(Http2Stream stream)
    {
        Exception? aborted;
        bool isCompleted;
        lock (_gate)
        {
            _stream = stream;
            (aborted, isCompleted) = (_aborted, _isCompleted);
        }
        if (aborted is not null)
        {
            stream.Reset(Http2ErrorCode.Cancel, aborted);
            return;
        }
        if (onlyMessage is not null)
            return;
        if (isCompleted)
            stream.CompleteRequest();
        _request.TrySetResult(stream);
    }

    private List<HeaderField> ToFields(string path, Metadata headers)
    {
        var fields = new List<HeaderField>(7 + headers.Count)
        {
            new(":method", "POST"),
            new(":scheme", "http"),
            new(":path", path),
            new(":authority", transport.Authority),
            new("te", "trailers"),
            new("content-type", GrpcHeaders.ContentType),
        };
        foreach (var (key, value) in headers)
            fields.Add(new HeaderField(key, value));
        return fields;
    }

    private static string? MediaTypeOf(IReadOnlyList<HeaderField> headers) =>
        headers.FirstOrDefault(field => field.Name == "content-type").Value?.Split(';')[0];

    private static Metadata ToMetadata(IReadOnlyList<HeaderField> fields)
    {
        var metadata = new Metadata();
        foreach (var field in fields)
            metadata.Add(field.Name, field.Value);
        return metadata;
    }
}
