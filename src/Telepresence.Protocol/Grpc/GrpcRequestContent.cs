using System.Net;
using System.Net.Http.Headers;

namespace Telepresence.Protocol.Grpc;

/// <summary>A request body that stays open for as long as the caller writes.</summary>
internal sealed class GrpcRequestContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[]? _onlyMessage;

    /// <param name="onlyMessage">Null: the caller writes to <see cref="Stream"/>.</param>
    public GrpcRequestContent(byte[]? onlyMessage)
    {
        _onlyMessage = onlyMessage;
        Headers.ContentType = new MediaTypeHeaderValue(GrpcHeaders.ContentType);
    }

    /// <summary>The request stream, once the headers are sent.</summary>
    public Task<Stream> Stream => _stream.Task;

    /// <summary>Ends the body.</summary>
    public void Complete() => _written.TrySetResult();

    /// <summary>Ends the body with a reset, and <see cref="Stream"/> if it never came.</summary>
    public void Abort(Exception reason)
    {
        _written.TrySetCanceled();
        if (_stream.TrySetException(reason))
            _ = _stream.Task.Exception;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream,
        TransportContext? context,
        CancellationToken cancellationToken
    )
    {
        if (_onlyMessage is not null)
        {
            await stream.WriteAsync(_onlyMessage, cancellationToken).ConfigureAwait(false);
            return;
        }
        _stream.TrySetResult(stream);
        await _written.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
