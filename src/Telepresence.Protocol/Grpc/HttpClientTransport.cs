namespace Telepresence.Protocol.Grpc;

/// <summary>HTTP/2 by the runtime's HttpClient.</summary>
internal sealed class HttpClientTransport : IGrpcTransport
{
    private readonly HttpMessageInvoker _invoker;
    private readonly Uri _base;
    private volatile ServerPrefaceStream? _transport;

    /// <param name="connect">Opens the transport; the channel closes it.</param>
    public HttpClientTransport(Func<CancellationToken, ValueTask<Stream>> connect, GrpcChannelOptions options)
    {
        _base = new Uri($"http://{options.Authority}");
        var handler = CreateHandler(
            async (_, cancellationToken) =>
                _transport = new ServerPrefaceStream(
                    await connect(cancellationToken).ConfigureAwait(false),
                    options.PrefaceTimeout,
                    options.TimeProvider
                )
        );
        handler.InitialHttp2StreamWindowSize = options.InitialStreamWindowSize;
        _invoker = new HttpMessageInvoker(handler);
    }

    public GrpcPeerException? PeerMismatch => _transport?.Mismatch;

    public IGrpcExchange CreateExchange(byte[]? onlyMessage) => new HttpClientExchange(_invoker, _base, onlyMessage);

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
}
