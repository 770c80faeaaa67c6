using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Telepresence.Protocol.Http2;

namespace Telepresence.Protocol.Grpc;

/// <summary>
/// A call in flight, beneath its messages: a request stream, a response stream, a status. Errors of the streams are
/// translated by <see cref="Translate"/>. Disposing it resets what is still open.
/// </summary>
public sealed class GrpcCall : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly IGrpcExchange _exchange;
    private readonly CancellationTokenSource _ended;
    private readonly CancellationTokenSource? _deadline;
    private readonly CancellationToken _userToken;
    private readonly CancellationTokenRegistration _onEnded;
    private readonly Task<GrpcResponse> _response;
    private int _disposed;

    internal GrpcCall(
        GrpcChannel channel,
        IGrpcExchange exchange,
        string path,
        CallOptions options,
        ICallCredentials? credentials,
        TimeProvider timeProvider
    )
    {
        _channel = channel;
        _exchange = exchange;
        _userToken = options.CancellationToken;
        if (options.Deadline is { } deadline)
            _deadline = new CancellationTokenSource(deadline > TimeSpan.Zero ? deadline : TimeSpan.Zero, timeProvider);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(_userToken, _deadline?.Token ?? default);
        CancellationToken = _ended.Token;
        _response = SendAsync(path, options, credentials);
        _onEnded = _ended.Token.UnsafeRegister(
            static call => ((GrpcCall)call!)._exchange.Abort(new OperationCanceledException()),
            this
        );
    }

    /// <summary>Cancelled when the call is: by its options, its deadline, or <see cref="Dispose"/>.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>Where the request's messages are written.</summary>
    /// <exception cref="RpcException">The call failed before.</exception>
    public async ValueTask<Stream> GetRequestStreamAsync()
    {
        try
        {
            return await _exchange.RequestStream.ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfTransport(e))
        {
            throw Translate(e);
        }
    }

    /// <summary>The request has no more messages.</summary>
    public void CompleteRequest() => _exchange.CompleteRequest();

    /// <summary>What the peer sent before its first message.</summary>
    /// <exception cref="RpcException">The call failed before.</exception>
    public async Task<Metadata> GetResponseHeadersAsync()
    {
        var response = await ResponseAsync().ConfigureAwait(false);
        return response.Headers;
    }

    /// <summary>Where the response's messages are read; after its end <see cref="GetStatus"/> tells how the call ended.</summary>
    /// <exception cref="RpcException">The call failed, or the peer answered with a status and nothing else.</exception>
    public async ValueTask<Stream> GetResponseStreamAsync()
    {
        var response = await ResponseAsync().ConfigureAwait(false);
        return response.Body;
    }

    /// <summary>How the call ended. Only after the response stream's end.</summary>
    public Status GetStatus()
    {
        if (!_response.IsCompletedSuccessfully)
            return new Status(StatusCode.Unknown, "The call has not ended.");
        var response = _response.Result;
        return ReadStatus(response.Headers)
            ?? ReadStatus(response.ReadTrailers())
            ?? new Status(StatusCode.Unknown, "The peer ended the call without a status.");
    }

    /// <summary>Throws unless the call ended with OK. Only after the response stream's end.</summary>
    /// <exception cref="RpcException">With the status and trailers.</exception>
    public void ThrowUnlessOk()
    {
        var status = GetStatus();
        if (status.StatusCode != StatusCode.OK)
            throw new RpcException(status, GetTrailers());
    }

    /// <summary>What the peer sent with the status. Only after the response stream's end.</summary>
    public Metadata GetTrailers() =>
        _response.IsCompletedSuccessfully ? _response.Result.ReadTrailers() : Metadata.Empty;

    /// <summary>What an exception of the request or response stream means.</summary>
    public RpcException Translate(Exception exception)
    {
        if (exception is RpcException already)
            return already;
        if (_deadline is { IsCancellationRequested: true } && !_userToken.IsCancellationRequested)
            return new(new Status(StatusCode.DeadlineExceeded, "The deadline is over.", exception));
        if (_ended.IsCancellationRequested)
            return new(new Status(StatusCode.Cancelled, "The call was given up.", exception));
        if (_channel.PeerMismatch is { } mismatch)
            return new(new Status(StatusCode.Unavailable, mismatch.Message, mismatch));
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case RpcException inner:
                    return inner;
                case HttpProtocolException or Http2Exception:
                    return FromHttp2Error(e, exception);
                case HttpRequestException
                {
                    // Not InvalidResponse: that is also a transport that ended before the peer's first byte.
                    HttpRequestError: HttpRequestError.HttpProtocolError or HttpRequestError.VersionNegotiationError
                } when e.InnerException is not HttpProtocolException:
                    var peer = new GrpcPeerException("What answered does not speak HTTP/2.", exception);
                    return new(new Status(StatusCode.Unavailable, peer.Message, peer));
            }
        }
        return exception is OperationCanceledException
            ? new(new Status(StatusCode.Cancelled, "The call was cancelled.", exception))
            : new(new Status(StatusCode.Unavailable, exception.GetBaseException().Message, exception));
    }

    /// <summary>Gives the call up, if it is still going on, and frees what it holds.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _ended.Cancel();
        _onEnded.Dispose();
        _ended.Dispose();
        _deadline?.Dispose();
        _exchange.Dispose();
        if (!_response.IsCompletedSuccessfully)
            _response.ContinueWith(
                static response => _ = response.Exception,
                default,
                TaskContinuationOptions.ExecuteSynchronously | TaskContinuationOptions.OnlyOnFaulted,
                TaskScheduler.Default
            );
    }

    /// <summary>What streams of a call throw when the transport fails.</summary>
    public static bool IsOfTransport(Exception exception) =>
        exception is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException;

    private async Task<GrpcResponse> ResponseAsync()
    {
        try
        {
            return await _response.ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfTransport(e))
        {
            throw Translate(e);
        }
    }

    private RpcException FromHttp2Error(Exception error, Exception exception)
    {
        // A status sent together with a reset is more telling than the reset.
        if (EarlyStatus() is { } status)
            return new(status, GetTrailers());
        var code = error is HttpProtocolException theirs ? theirs.ErrorCode : (long)((Http2Exception)error).ErrorCode;
        // A connection that ends in good order, as when the server is replaced: a new one may do better.
        return code == 0 || error is Http2Exception { IsUnprocessed: true }
            ? new(new Status(StatusCode.Unavailable, error.Message, exception))
            : new(new Status(GrpcHeaders.FromHttp2Error(code), $"HTTP/2 error {code}: {error.Message}", exception));
    }

    [SuppressMessage("Design", "CA1031", Justification = "The request stream's reader gets it, and it is thrown on.")]
    private async Task<GrpcResponse> SendAsync(string path, CallOptions options, ICallCredentials? credentials)
    {
        try
        {
            var headers = new Metadata();
            if (options.Deadline is { } deadline)
                headers.Add(GrpcHeaders.Timeout, GrpcHeaders.FormatTimeout(deadline));
            foreach (var (key, value) in options.Headers ?? Metadata.Empty)
                headers.Add(key, value);
            if (credentials is not null)
                await AddAsync(credentials, headers).ConfigureAwait(false);
            var response = await _exchange.SendAsync(path, headers, CancellationToken).ConfigureAwait(false);
            Check(response);
            return response;
        }
        catch (Exception e)
        {
            if (e is RpcException { StatusCode: StatusCode.Unauthenticated })
                credentials?.Invalidate();
            _exchange.Abort(e);
            throw;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever credentials fail with is the call's failure.")]
    private async ValueTask AddAsync(ICallCredentials credentials, Metadata headers)
    {
        try
        {
            var metadata = await credentials.GetMetadataAsync(CancellationToken).ConfigureAwait(false);
            foreach (var (key, value) in metadata ?? Metadata.Empty)
                headers.Add(key, value);
        }
        catch (Exception e) when (!CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, e.Message, e));
        }
    }

    private static void Check(GrpcResponse response)
    {
        if (ReadStatus(response.Headers) is { } status)
        {
            if (status.StatusCode != StatusCode.OK)
                throw new RpcException(status, response.Headers);
            return;
        }
        if (
            response.HttpStatus == 200
            && response.ContentType?.StartsWith(GrpcHeaders.ContentType, StringComparison.OrdinalIgnoreCase) == true
        )
            return;
        var peer = new GrpcPeerException(
            $"The answer is HTTP status {response.HttpStatus} with content type '{response.ContentType}', not gRPC."
        );
        throw new RpcException(new Status(GrpcHeaders.FromHttpStatus(response.HttpStatus), peer.Message, peer));
    }

    private Status? EarlyStatus() =>
        _response.IsCompletedSuccessfully ? ReadStatus(_response.Result.ReadTrailers()) : null;

    private static Status? ReadStatus(Metadata headers)
    {
        if (headers.GetValue(GrpcHeaders.Status) is not { } text)
            return null;
        var known =
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            && Enum.IsDefined((StatusCode)code);
        var detail = headers.GetValue(GrpcHeaders.Message) is { } message ? GrpcHeaders.DecodeMessage(message) : "";
        return new Status(known ? (StatusCode)code : StatusCode.Unknown, detail);
    }
}
