using Google.Protobuf;

namespace Telepresence.Protocol.Grpc;

/// <summary>A call with many messages both ways. One reader and one writer at a time.</summary>
public sealed class AsyncDuplexStreamingCall<TRequest, TResponse> : IDisposable
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>, new()
{
    private readonly GrpcCall _call;
    private readonly ResponseReader<TResponse> _responses;
    private Stream? _requests;

    internal AsyncDuplexStreamingCall(GrpcCall call, int maxMessageSize)
    {
        _call = call;
        _responses = new ResponseReader<TResponse>(call, maxMessageSize);
    }

    /// <summary>Sends a message.</summary>
    /// <exception cref="RpcException">The call is over.</exception>
    public async Task WriteAsync(TRequest message)
    {
        _requests ??= await _call.GetRequestStreamAsync().ConfigureAwait(false);
        try
        {
            await _requests.WriteAsync(GrpcFraming.Encode(message), _call.CancellationToken).ConfigureAwait(false);
            await _requests.FlushAsync(_call.CancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (GrpcCall.IsOfTransport(e))
        {
            throw _call.Translate(e);
        }
    }

    /// <summary>No more messages from this side.</summary>
    public void Complete() => _call.CompleteRequest();

    /// <summary>The next message; null after the last one of a call that ended with OK.</summary>
    /// <exception cref="RpcException">Another status than OK.</exception>
    public ValueTask<TResponse?> ReadAsync() => _responses.ReadAsync();

    /// <summary>Gives the call up.</summary>
    public void Dispose() => _call.Dispose();
}
