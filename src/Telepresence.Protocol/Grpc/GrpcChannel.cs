using System.Net.Http.Headers;
using Google.Protobuf;

namespace Telepresence.Protocol.Grpc;

/// <summary>
/// gRPC over one plaintext HTTP/2 connection with prior knowledge, over whatever stream the callback opens. A connection
/// that broke is opened again with the next call.
/// </summary>
public sealed class GrpcChannel : IDisposable
{
    private readonly HttpMessageInvoker _invoker;
    private readonly GrpcChannelOptions _options;
    private readonly Uri _base;
    private volatile ServerPrefaceStream? _transport;

    /// <param name="connect">Opens the transport; the channel closes it.</param>
    /// <param name="options">Null: as they come.</param>
    public GrpcChannel(Func<CancellationToken, ValueTask<Stream>> connect, GrpcChannelOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(connect);
        _options = options ?? new GrpcChannelOptions();
        _base = new Uri($"http://{_options.Authority}");
        var handler = CreateHandler(
            async (_, cancellationToken) =>
                _transport = new ServerPrefaceStream(
                    await connect(cancellationToken).ConfigureAwait(false),
                    _options.PrefaceTimeout,
                    _options.TimeProvider
                )
        );
        handler.InitialHttp2StreamWindowSize = _options.InitialStreamWindowSize;
        _invoker = new HttpMessageInvoker(handler);
    }

    /// <summary>Why the last transport leads to no gRPC server; null where it does, or nothing is known yet.</summary>
    internal GrpcPeerException? PeerMismatch => _transport?.Mismatch;

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
    public void Dispose() => _invoker.Dispose();

    internal static SocketsHttpHandler CreateHandler(
        Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect
    ) =>
        new()
        {
            ConnectCallback = connect,
            // One port-forward, one connection: a second one would also be a second session's worth of buffers.
            EnableMultipleHttp2Connections = false,
            // Peers drop clients that ping (too_many_pings), and a tunnel may be silent for hours.
            KeepAlivePingDelay = Timeout.InfiniteTimeSpan,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            ConnectTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
        };

    private GrpcCall Start(string path, CallOptions options, byte[]? onlyMessage)
    {
        // HttpMessageInvoker applies no defaults: without these two lines the request goes out as HTTP/1.1.
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_base, path))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (options.Deadline is { } deadline)
            request.Headers.TryAddWithoutValidation(GrpcHeaders.Timeout, GrpcHeaders.FormatTimeout(deadline));
        foreach (var (key, value) in options.Headers ?? Metadata.Empty)
            request.Headers.TryAddWithoutValidation(key, value);
        return new GrpcCall(this, _invoker, request, options, onlyMessage, _options.Credentials, _options.TimeProvider);
    }
}
