using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Telepresence.Protocol.Grpc;

/// <summary>A call that the server answers with many messages.</summary>
public sealed class AsyncServerStreamingCall<TResponse> : IDisposable
    where TResponse : class, IMessage<TResponse>, new()
{
    private readonly GrpcCall _call;
    private readonly int _maxMessageSize;

    internal AsyncServerStreamingCall(GrpcCall call, int maxMessageSize) =>
        (_call, _maxMessageSize) = (call, maxMessageSize);

    /// <summary>What the server sent before its first message: it has begun to serve the call.</summary>
    /// <exception cref="RpcException">The call failed before.</exception>
    public Task<Metadata> ResponseHeadersAsync => _call.GetResponseHeadersAsync();

    /// <summary>The answer's messages. Ends when the server ended the call with OK.</summary>
    /// <exception cref="RpcException">Another status than OK.</exception>
    public async IAsyncEnumerable<TResponse> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        using var registration = cancellationToken.UnsafeRegister(static c => ((GrpcCall)c!).Dispose(), _call);
        var responses = new ResponseReader<TResponse>(_call, _maxMessageSize);
        while (await responses.ReadAsync().ConfigureAwait(false) is { } message)
            yield return message;
    }

    /// <summary>Gives the call up.</summary>
    public void Dispose() => _call.Dispose();
}

/// <summary>Messages of a response.</summary>
internal sealed class ResponseReader<TResponse>(GrpcCall call, int maxMessageSize)
    where TResponse : class, IMessage<TResponse>, new()
{
    private Stream? _stream;

    /// <summary>Null after the last message of a call that ended with OK.</summary>
    public async ValueTask<TResponse?> ReadAsync()
    {
        try
        {
            _stream ??= await call.GetResponseStreamAsync().ConfigureAwait(false);
            var message = await GrpcFraming
                .ReadMessageAsync<TResponse>(_stream, maxMessageSize, call.CancellationToken)
                .ConfigureAwait(false);
            if (message is null)
                call.ThrowUnlessOk();
            return message;
        }
        catch (Exception e) when (GrpcCall.IsOfTransport(e))
        {
            throw call.Translate(e);
        }
    }
}
