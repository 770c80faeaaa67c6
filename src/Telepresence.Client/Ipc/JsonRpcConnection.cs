using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Telepresence.Client.Errors;

namespace Telepresence.Client.Ipc;

/// <summary>
/// One end of a JSON-RPC 2.0 connection; both ends may send requests, notifications and <c>$/cancelRequest</c>.
/// </summary>
public sealed class JsonRpcConnection : IAsyncDisposable
{
    private const string CancelMethod = "$/cancelRequest";

    private readonly Stream _stream;
    private readonly JsonRpcMethods _methods;
    private readonly JsonRpcOptions _options;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SemaphoreSlim _running;
    private readonly Channel<byte[]> _notifications;
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource<JsonRpcMessage>> _pending = new();
    private readonly ConcurrentDictionary<long, CancellationTokenSource> _incoming = new();
    private readonly ConcurrentDictionary<long, Task> _answers = new();
    private Task _reader = Task.CompletedTask;
    private Task _notifier = Task.CompletedTask;
    private long _lastId;
    private long _lastAnswer;
    private long _droppedNotifications;
    private int _disposed;

    /// <param name="stream">Owned from now on.</param>
    /// <param name="methods">What this end answers; null: nothing.</param>
    public JsonRpcConnection(Stream stream, JsonRpcMethods? methods = null, JsonRpcOptions? options = null)
    {
        _stream = stream;
        _options = options ?? new JsonRpcOptions();
        _methods = methods ?? new JsonRpcMethods(_options.Serializer);
        _running = new SemaphoreSlim(_options.MaximumConcurrentRequests);
        _notifications = Channel.CreateBounded<byte[]>(
            new BoundedChannelOptions(_options.MaximumQueuedNotifications)
            {
                FullMode = BoundedChannelFullMode.DropOldest,
            },
            _ => Interlocked.Increment(ref _droppedNotifications)
        );
    }

    /// <summary>Ends when the connection has: without error when the peer closed it, with one when it broke the protocol.</summary>
    public Task Completion => _reader;

    /// <summary>Notifications that a slow peer has missed.</summary>
    public long DroppedNotifications => Interlocked.Read(ref _droppedNotifications);

    /// <summary>Begins to read. Register methods before.</summary>
    public void Start()
    {
        _notifier = SendNotificationsAsync();
        _reader = ReadAsync();
    }

    /// <summary>Sends a request and waits for its result; cancelling sends <c>$/cancelRequest</c> and returns at once.</summary>
    /// <exception cref="TelepresenceException">The peer's typed error, or EngineUnavailable when the connection is gone.</exception>
    public Task<TResult> InvokeAsync<TParams, TResult>(
        string method,
        TParams parameters,
        CancellationToken cancellationToken = default
    ) => InvokeAsync<TParams, TResult>(method, parameters, TimeSpan.Zero, cancellationToken);

    /// <summary>Sends a request and waits for its result; cancelling sends <c>$/cancelRequest</c>.</summary>
    /// <param name="undo">How long a cancelled request may take to undo what it began; zero: returns at once.</param>
    /// <exception cref="TelepresenceException">The peer's typed error, or EngineUnavailable when the connection is gone.</exception>
    public async Task<TResult> InvokeAsync<TParams, TResult>(
        string method,
        TParams parameters,
        TimeSpan undo,
        CancellationToken cancellationToken
    )
    {
        var response = await RequestAsync(method, ToElement(parameters), undo, cancellationToken).ConfigureAwait(false);
        try
        {
            return response.Result is { } result ? result.Deserialize(TypeInfo<TResult>())! : default!;
        }
        catch (JsonException e)
        {
            throw Unavailable($"its answer to {method} is malformed ({e.Message})", e);
        }
    }

    /// <summary>Sends a request whose result is nothing.</summary>
    /// <exception cref="TelepresenceException">The peer's typed error, or EngineUnavailable when the connection is gone.</exception>
    public Task InvokeAsync<TParams>(
        string method,
        TParams parameters,
        CancellationToken cancellationToken = default
    ) => RequestAsync(method, ToElement(parameters), TimeSpan.Zero, cancellationToken);

    /// <summary>Sends a request whose params and result are JSON already; a result of nothing is undefined.</summary>
    /// <exception cref="TelepresenceException">The peer's typed error, or EngineUnavailable when the connection is gone.</exception>
    public async Task<JsonElement> InvokeAsync(
        string method,
        JsonElement parameters,
        CancellationToken cancellationToken = default
    ) =>
        (await RequestAsync(method, parameters, TimeSpan.Zero, cancellationToken).ConfigureAwait(false)).Result
        ?? default;

    /// <summary>Queues a notification; never blocks. A peer that does not read loses the oldest.</summary>
    public void Notify<TParams>(string method, TParams parameters)
    {
        _notifications.Writer.TryWrite(
            JsonRpcFraming.Write(
                new JsonRpcMessage
                {
                    Jsonrpc = "2.0",
                    Method = method,
                    Params = ToElement(parameters),
                }
            )
        );
    }

    /// <summary>Closes: pending requests of both directions are cancelled, and awaited where they run here.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }
        await _closing.CancelAsync().ConfigureAwait(false);
        await _stream.DisposeAsync().ConfigureAwait(false);
        await _reader.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _notifier.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        FailPending(null);
    }

    private async Task<JsonRpcMessage> RequestAsync(
        string method,
        JsonElement parameters,
        TimeSpan undo,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var id = Interlocked.Increment(ref _lastId);
        TaskCompletionSource<JsonRpcMessage> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = answer;
        try
        {
            // The reader may have ended before this entry was there for it to fail.
            if (_closing.IsCancellationRequested || _reader.IsCompleted)
            {
                throw Unavailable("the connection to it has ended", null);
            }
            JsonRpcMessage request = new()
            {
                Jsonrpc = "2.0",
                Id = id,
                Method = method,
                Params = parameters,
            };
            await SendAsync(JsonRpcFraming.Write(request), cancellationToken).ConfigureAwait(false);
            JsonRpcMessage response;
            using CancellationTokenSource givenUp = new();
            using (givenUp.Token.Register(() => answer.TrySetCanceled(cancellationToken)))
            using (cancellationToken.Register(() => Cancel(id, answer, givenUp, undo, cancellationToken)))
            {
                response = await answer.Task.ConfigureAwait(false);
            }
            return response.Error switch
            {
                null => response,
                { Code: JsonRpcError.Cancelled } when cancellationToken.IsCancellationRequested =>
                    throw new OperationCanceledException(cancellationToken),
                var error => throw ToException(error, method),
            };
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    private void Cancel(
        long id,
        TaskCompletionSource<JsonRpcMessage> answer,
        CancellationTokenSource givenUp,
        TimeSpan undo,
        CancellationToken cancellationToken
    )
    {
        var running = undo > TimeSpan.Zero ? !answer.Task.IsCompleted : answer.TrySetCanceled(cancellationToken);
        if (running)
        {
            JsonRpcMessage cancel = new()
            {
                Jsonrpc = "2.0",
                Method = CancelMethod,
                Params = JsonSerializer.SerializeToElement(
                    new CancelParameters(id),
                    JsonRpcJson.Default.CancelParameters
                ),
            };
            _notifications.Writer.TryWrite(JsonRpcFraming.Write(cancel));
            givenUp.CancelAfter(undo);
        }
    }

    /// <summary>Sends what is queued, and then the frame: an answer must not overtake what was told before it.</summary>
    /// <param name="frame">Null: only what is queued.</param>
    private async Task SendAsync(byte[]? frame, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // As many as there are now: what goes on being queued must not keep the frame back.
            for (var queued = _notifications.Reader.Count; queued > 0; queued--)
            {
                if (!_notifications.Reader.TryRead(out var notification))
                {
                    break;
                }
                await _stream.WriteAsync(notification, _closing.Token).ConfigureAwait(false);
            }
            // Half a frame would break the connection: once begun it is not cancelled by one request.
            if (frame is not null)
            {
                await _stream.WriteAsync(frame, _closing.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            throw Unavailable("the connection to it has ended", e);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task SendNotificationsAsync()
    {
        try
        {
            while (await _notifications.Reader.WaitToReadAsync(_closing.Token).ConfigureAwait(false))
            {
                await SendAsync(null, _closing.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or TelepresenceException)
        {
            // The connection has ended; its reader reports how.
            return;
        }
    }

    private async Task ReadAsync()
    {
        await Task.Yield();
        Exception? failure = null;
        try
        {
            var head = new byte[sizeof(int)];
            while (
                await JsonRpcFraming
                    .ReadAsync(_stream, head, _options.MaximumFrame, _closing.Token)
                    .ConfigureAwait(false)
                    is { } message
            )
            {
                await DispatchAsync(message).ConfigureAwait(false);
            }
        }
        catch (JsonRpcProtocolException e)
        {
            failure = e;
            await RefuseAsync(null, new JsonRpcError { Code = JsonRpcError.ParseError, Message = e.Message })
                .ConfigureAwait(false);
            throw;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            failure = e;
        }
        finally
        {
            await _closing.CancelAsync().ConfigureAwait(false);
            FailPending(failure);
            await _stream.DisposeAsync().ConfigureAwait(false);
            await Task.WhenAll(_answers.Values).ConfigureAwait(false);
        }
    }

    private Task RefuseBusyAsync(long id)
    {
        var busy = Unavailable($"more than {_options.MaximumConcurrentRequests} requests at a time", null);
        return RefuseAsync(id, JsonRpcErrors.FromException(busy, CancellationToken.None));
    }

    private async Task RefuseAsync(long? id, JsonRpcError error)
    {
        try
        {
            JsonRpcMessage refusal = new()
            {
                Jsonrpc = "2.0",
                Id = id,
                Error = error,
            };
            await SendAsync(JsonRpcFraming.Write(refusal), _closing.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TelepresenceException or OperationCanceledException)
        {
            // The peer did not wait for the refusal.
            return;
        }
    }

    private async ValueTask DispatchAsync(JsonRpcMessage message)
    {
        if (message.Method is null)
        {
            if (message.Id is null)
            {
                throw new JsonRpcProtocolException($"a refusal: {message.Error?.Message}");
            }
            if (_pending.TryRemove(message.Id.Value, out var answer))
            {
                answer.TrySetResult(message);
            }
        }
        else if (message.Id is { } id)
        {
            // Not read any further, the peer could not cancel what runs: refused instead.
            if (_running.Wait(0, CancellationToken.None))
            {
                StartAnswer(id, message);
            }
            else
            {
                await RefuseBusyAsync(id).ConfigureAwait(false);
            }
        }
        else if (message.Method == CancelMethod)
        {
            CancelIncoming(message.Params);
        }
        else if (_methods.FindNotification(message.Method) is { } handler)
        {
            try
            {
                handler(message.Params, this);
            }
            catch (InvalidParametersException e)
            {
                throw new JsonRpcProtocolException($"a malformed notification {message.Method} ({e.Message})", e);
            }
        }
    }

    private void CancelIncoming(JsonElement? parameters)
    {
        if (
            parameters is { ValueKind: JsonValueKind.Object } given
            && given.TryGetProperty("id", out var id)
            && id.ValueKind == JsonValueKind.Number
            && id.TryGetInt64(out var number)
            && _incoming.TryGetValue(number, out var source)
        )
        {
            try
            {
                source.Cancel();
            }
            catch (Exception e) when (e is ObjectDisposedException or AggregateException)
            {
                // Answered in this very moment, or the method's own callbacks failed: its answer tells.
                return;
            }
        }
    }

    private void StartAnswer(long id, JsonRpcMessage message)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        // A second request with an id still running cannot be cancelled; it is answered all the same.
        var cancellable = _incoming.TryAdd(id, source);
        var key = ++_lastAnswer;
        var answer = Task.Run(async () =>
        {
            try
            {
                await AnswerAsync(id, message, source.Token).ConfigureAwait(false);
            }
            finally
            {
                if (cancellable)
                {
                    _incoming.TryRemove(id, out _);
                }
                source.Dispose();
                _running.Release();
            }
        });
        _answers[key] = answer;
        _ = answer.ContinueWith(
            _ => _answers.TryRemove(key, out var _),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }

    private async Task AnswerAsync(long id, JsonRpcMessage message, CancellationToken cancellationToken)
    {
        JsonRpcMessage response = new() { Jsonrpc = "2.0", Id = id };
        try
        {
            var handler =
                _methods.Find(message.Method!)
                ?? throw new MissingMethodException($"there is no method {message.Method}");
            var result = await handler(message.Params, new JsonRpcRequest(this, id), cancellationToken)
                .ConfigureAwait(false);
            response = response with { Result = result };
        }
#pragma warning disable CA1031 // Whatever a method throws is the answer; it must not end the connection.
        catch (Exception e)
#pragma warning restore CA1031
        {
            response = response with { Error = JsonRpcErrors.FromException(e, cancellationToken) };
        }
        try
        {
            await SendAsync(JsonRpcFraming.Write(response), _closing.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TelepresenceException or OperationCanceledException)
        {
            // Nobody is there to take the answer.
            return;
        }
    }

    private void FailPending(Exception? failure)
    {
        foreach (var (id, answer) in _pending)
        {
            if (_pending.TryRemove(id, out _))
            {
                answer.TrySetException(Unavailable("the connection to it has ended", failure));
            }
        }
    }

    private static Exception ToException(JsonRpcError error, string method) =>
        error.Data is { } data
            ? TelepresenceException.FromData(data)
            : Unavailable($"{method}: {error.Message} (JSON-RPC error {error.Code})", null);

    private static TelepresenceException Unavailable(string reason, Exception? inner) =>
        ErrorCatalogue.Error(ErrorId.EngineUnavailable, null, inner, ("reason", reason));

    private JsonElement ToElement<T>(T value) => JsonSerializer.SerializeToElement(value, TypeInfo<T>());

    private JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)_options.Serializer.GetTypeInfo(typeof(T));
}
