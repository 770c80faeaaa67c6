using Google.Protobuf;

namespace Telepresence.Protocol.Grpc;

/// <summary>
/// gRPC over one plaintext HTTP/2 connection with prior knowledge, over whatever stream the callback opens. A connection
/// that broke is opened again with the next call.
/// </summary>
public sealed class GrpcChannel : IDisposable
{
    private readonly IGrpcTransport _transport;
    private readonly GrpcChannelOptions _options;

    /// <param name="connect">Opens the transport; the channel closes it.</param>
    /// <param name="options">Null: as they come.</param>
    public GrpcChannel(Func<CancellationToken, ValueTask<Stream>> connect, GrpcChannelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(connect);
        _options = options ?? new GrpcChannelOptions();
        _transport =
            _options.Transport == GrpcTransport.HttpClient
                ? new HttpClientTransport(connect, _options)
                : new Http2Transport(connect, _options);
    }

    /// <inheritdoc cref="IGrpcTransport.PeerMismatch"/>
    internal GrpcPeerException? PeerMismatch => _transport.PeerMismatch;

    internal int MaxReceiveMessageSize => _options.MaxReceiveMessageSize;

    /// <summary>One message each way.</summary>
    public AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        CallOptions options,
        TRequest request
    )
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        new(Start(method.FullName, options, GrpcFraming.Encode(request)), MaxReceiveMessageSize);

    /// <summary>Many messages from the server.</summary>
    public AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        CallOptions options,
        TRequest request
    )
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        new(Start(method.FullName, options, GrpcFraming.Encode(request)), MaxReceiveMessageSize);

    /// <summary>Many messages both ways.</summary>
    public AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        CallOptions options
    )
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        new(Start(method.FullName, options, null), MaxReceiveMessageSize);

    /// <summary>A duplex call whose messages the caller reads and writes as bytes: the way of the Tunnel rpc.</summary>
    /// <param name="path">As <see cref="Method{TRequest,TResponse}.FullName"/>.</param>
    /// <param name="options">Of the call.</param>
    public GrpcCall OpenCall(string path, CallOptions options) => Start(path, options, null);

    /// <summary>Closes the connection; calls in flight end with an error.</summary>
    public void Dispose() => _transport.Dispose();

    private GrpcCall Start(string path, CallOptions options, byte[]? onlyMessage) =>
        new(this, _transport.CreateExchange(onlyMessage), path, options, _options.Credentials, _options.TimeProvider);
}
