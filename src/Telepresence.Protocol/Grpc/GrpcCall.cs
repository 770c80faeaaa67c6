using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Http.Headers;

namespace Telepresence.Protocol.Grpc;

/// <summary>
/// A call in flight, beneath its messages: a request stream, a response stream, a status. Errors of the streams are
/// translated by <see cref="Translate"/>. Disposing it resets what is still open.
/// </summary>
public sealed class GrpcCall : IDisposable
{
    private readonly GrpcChannel _channel;
    private readonly GrpcRequestContent _content;
    private readonly CancellationTokenSource _ended;
    private readonly CancellationTokenSource? _deadline;
    private readonly CancellationToken _userToken;
    private readonly CancellationTokenRegistration _onEnded;
    private readonly Task<HttpResponseMessage> _response;
    private int _disposed;

    internal GrpcCall(
        GrpcChannel channel,
        HttpMessageInvoker invoker,
        HttpRequestMessage request,
        CallOptions options,
        byte[]? onlyMessage,
        ICallCredentials? credentials,
        TimeProvider timeProvider
    )
    {
        _channel = channel;
        _content = new GrpcRequestContent(onlyMessage);
        _userToken = options.CancellationToken;
        if (options.Deadline is { } deadline)
            _deadline = new CancellationTokenSource(deadline > TimeSpan.Zero ? deadline : TimeSpan.Zero, timeProvider);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(_userToken, _deadline?.Token ?? default);
        CancellationToken = _ended.Token;
        request.Content = _content;
        _response = SendAsync(invoker, request, credentials);
        _onEnded = _ended.Token.UnsafeRegister(
            static call => ((GrpcCall)call!)._content.Abort(new OperationCanceledException()),
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
            return await _content.Stream.ConfigureAwait(false);
        }
        catch (Exception e) when (IsOfTransport(e))
        {
            throw Translate(e);
        }
    }

    /// <summary>The request has no more messages.</summary>
    public void CompleteRequest() => _content.Complete();

    /// <summary>What the peer sent before its first message.</summary>
    /// <exception cref="RpcException">The call failed before.</exception>
    public async Task<Metadata> GetResponseHeadersAsync()
    {
        var response = await ResponseAsync().ConfigureAwait(false);
        return ToMetadata(response.Headers);
    }

    /// <summary>Where the response's messages are read; after its end <see cref="GetStatus"/> tells how the call ended.</summary>
    /// <exception cref="RpcException">The call failed, or the peer answered with a status and nothing else.</exception>
    public async ValueTask<Stream> GetResponseStreamAsync()
    {
        var response = await ResponseAsync().ConfigureAwait(false);
        return await response.Content.ReadAsStreamAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>How the call ended. Only after the response stream's end.</summary>
    public Status GetStatus()
    {
        if (!_response.IsCompletedSuccessfully)
            return new Status(StatusCode.Unknown, "The call has not ended.");
        var response = _response.Result;
        return ReadStatus(response.Headers)
            ?? ReadStatus(response.TrailingHeaders)
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
        _response.IsCompletedSuccessfully ? ToMetadata(_response.Result.TrailingHeaders) : Metadata.Empty;

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
                // A status sent together with a reset is more telling than the reset.
                case HttpProtocolException when EarlyStatus() is { } status:
                    return new(status, GetTrailers());
                // A connection that ends in good order, as when the server is replaced: a new one may do better.
                case HttpProtocolException { ErrorCode: 0 }:
                    return new(new Status(StatusCode.Unavailable, e.Message, exception));
                case HttpProtocolException reset:
                    return new(
                        new Status(
                            GrpcHeaders.FromHttp2Error(reset.ErrorCode),
                            $"HTTP/2 error {reset.ErrorCode}: {reset.Message}",
                            exception
                        )
                    );
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
        if (_response.IsCompletedSuccessfully)
            _response.Result.Dispose();
        else
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

    private async Task<HttpResponseMessage> ResponseAsync()
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

    [SuppressMessage("Design", "CA1031", Justification = "The request stream's reader gets it, and it is thrown on.")]
    private async Task<HttpResponseMessage> SendAsync(
        HttpMessageInvoker invoker,
        HttpRequestMessage request,
        ICallCredentials? credentials
    )
    {
        try
        {
            if (credentials is not null)
                await AddAsync(credentials, request).ConfigureAwait(false);
            var response = await invoker.SendAsync(request, CancellationToken).ConfigureAwait(false);
            if (Volatile.Read(ref _disposed) != 0)
                response.Dispose();
            Check(response);
            return response;
        }
        catch (Exception e)
        {
            if (e is RpcException { StatusCode: StatusCode.Unauthenticated })
                credentials?.Invalidate();
            _content.Abort(e);
            throw;
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever credentials fail with is the call's failure.")]
    private async ValueTask AddAsync(ICallCredentials credentials, HttpRequestMessage request)
    {
        try
        {
            var metadata = await credentials.GetMetadataAsync(CancellationToken).ConfigureAwait(false);
            foreach (var (key, value) in metadata ?? Metadata.Empty)
                request.Headers.TryAddWithoutValidation(key, value);
        }
        catch (Exception e) when (!CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, e.Message, e));
        }
    }

    private static void Check(HttpResponseMessage response)
    {
        if (ReadStatus(response.Headers) is { } status)
        {
            if (status.StatusCode != StatusCode.OK)
            {
                response.Dispose();
                throw new RpcException(status, ToMetadata(response.Headers));
            }
            return;
        }
        var type = response.Content.Headers.ContentType?.MediaType;
        if (
            response.StatusCode == System.Net.HttpStatusCode.OK
            && type?.StartsWith(GrpcHeaders.ContentType, StringComparison.OrdinalIgnoreCase) == true
        )
            return;
        response.Dispose();
        var http = (int)response.StatusCode;
        var peer = new GrpcPeerException($"The answer is HTTP status {http} with content type '{type}', not gRPC.");
        throw new RpcException(new Status(GrpcHeaders.FromHttpStatus(http), peer.Message, peer));
    }

    private Status? EarlyStatus() =>
        _response.IsCompletedSuccessfully ? ReadStatus(_response.Result.TrailingHeaders) : null;

    private static Status? ReadStatus(HttpHeaders headers)
    {
        if (!headers.TryGetValues(GrpcHeaders.Status, out var values))
            return null;
        var known =
            int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            && Enum.IsDefined((StatusCode)code);
        var detail = headers.TryGetValues(GrpcHeaders.Message, out var messages)
            ? GrpcHeaders.DecodeMessage(messages.First())
            : "";
        return new Status(known ? (StatusCode)code : StatusCode.Unknown, detail);
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
