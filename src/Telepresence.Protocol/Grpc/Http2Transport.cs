using System.Diagnostics.CodeAnalysis;
using Telepresence.Protocol.Http2;

namespace Telepresence.Protocol.Grpc;

/// <summary>HTTP/2 by our own connection.</summary>
/// <param name="connect">Opens the transport; the connection closes it.</param>
internal sealed class Http2Transport(Func<CancellationToken, ValueTask<Stream>> connect, GrpcChannelOptions options)
    : IGrpcTransport
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private Task<Http2Connection>? _connection;
    private volatile ServerPrefaceStream? _transport;
    private bool _isDisposed;

    public GrpcPeerException? PeerMismatch => _transport?.Mismatch;

    public string Authority => options.Authority;

    public IGrpcExchange CreateExchange(byte[]? onlyMessage) => new Http2Exchange(this, onlyMessage);

    /// <summary>The present connection, or a new one where that takes no more streams.</summary>
    /// <exception cref="IOException">There is no way to the peer.</exception>
    public ValueTask<Http2Connection> GetConnectionAsync(CancellationToken cancellationToken)
    {
        Task<Http2Connection> connection;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(GrpcChannel));
            if (_connection is { IsCompletedSuccessfully: true, Result.IsOpen: true })
                return new(_connection.Result);
            if (_connection is null or { IsCompleted: true })
                _connection = ConnectAsync();
            connection = _connection;
        }
        // An attempt serves all calls that wait: none of them ends it for the others.
        return new(connection.WaitAsync(cancellationToken));
    }

    public void Dispose()
    {
        Task<Http2Connection>? connection;
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            connection = _connection;
        }
        _closing.Cancel();
        _closing.Dispose();
        if (connection is { IsCompletedSuccessfully: true })
            connection.Result.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "It is thrown on.")]
    private async Task<Http2Connection> ConnectAsync()
    {
        // Not under the caller's lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            var stream = await connect(_closing.Token).ConfigureAwait(false);
            var transport = new ServerPrefaceStream(stream, options.PrefaceTimeout, options.TimeProvider);
            _transport = transport;
            var connection = Http2Connection.Start(
                transport,
                new Http2ConnectionOptions { InitialStreamWindow = options.InitialStreamWindowSize },
                options.TimeProvider
            );
            bool isLate;
            lock (_gate)
                isLate = _isDisposed;
            if (isLate)
                connection.Dispose();
            return connection;
        }
        catch (Exception e) when (!GrpcCall.IsOfTransport(e))
        {
            throw new IOException(e.Message, e);
        }
    }
}
