using Google.Protobuf;
using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Compatibility;

namespace Telepresence.TrafficManager.Grpc;

/// <summary>Serves a call; an <see cref="RpcException"/> is how it ends with another status than OK.</summary>
internal delegate Task CallHandler(ServerCall call);

/// <summary>What the server serves, by path. What is not there is Unimplemented.</summary>
/// <param name="release">Methods and fields that it did not have are left out; null: all are there.</param>
/// <param name="authentication">Of all callers; null: none is asked for.</param>
internal sealed class MethodTable(ManagerRelease? release = null, CallAuthentication? authentication = null)
{
    private readonly Dictionary<string, CallHandler> _handlers = new(StringComparer.Ordinal);
    private readonly MessageShape? _shape = release is null ? null : new MessageShape(release);

    public CallHandler? Find(string? path) => path is null ? null : _handlers.GetValueOrDefault(path);

    public void Unary<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        Func<TRequest, CancellationToken, ValueTask<TResponse>> handler
    )
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Add(
            method.FullName,
            async call =>
            {
                var request = await ReadOnlyRequestAsync<TRequest>(call).ConfigureAwait(false);
                var response = await handler(request, call.CancellationToken).ConfigureAwait(false);
                await call.WriteAsync(Shape(response)).ConfigureAwait(false);
            }
        );

    public void ServerStreaming<TRequest, TResponse>(
        Method<TRequest, TResponse> method,
        Func<TRequest, CancellationToken, IAsyncEnumerable<TResponse>> handler
    )
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Add(
            method.FullName,
            async call =>
            {
                var request = await ReadOnlyRequestAsync<TRequest>(call).ConfigureAwait(false);
                var responses = handler(request, call.CancellationToken).GetAsyncEnumerator(call.CancellationToken);
                await using (responses.ConfigureAwait(false))
                {
                    // A refusal must be able to travel without headers before it, so the first message is asked for first.
                    var next = responses.MoveNextAsync().AsTask();
                    if (!next.IsCompleted)
                        await call.SendHeadersAsync().ConfigureAwait(false);
                    while (await next.ConfigureAwait(false))
                    {
                        await call.WriteAsync(Shape(responses.Current)).ConfigureAwait(false);
                        next = responses.MoveNextAsync().AsTask();
                    }
                }
            }
        );

    /// <summary>The handler reads and writes the messages itself.</summary>
    public void Duplex<TRequest, TResponse>(Method<TRequest, TResponse> method, CallHandler handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() => Add(method.FullName, handler);

    private void Add(string path, CallHandler handler)
    {
        if (
            release is not null
            && InterfaceHistory.Methods.TryGetValue(path, out var releases)
            && !releases.Contains(release)
        )
            return;
        _handlers.Add(
            path,
            authentication is null || CallAuthentication.IsOpen(path)
                ? handler
                : async call =>
                {
                    await authentication.CheckAsync(call).ConfigureAwait(false);
                    await handler(call).ConfigureAwait(false);
                }
        );
    }

    private async ValueTask<TRequest> ReadOnlyRequestAsync<TRequest>(ServerCall call)
        where TRequest : class, IMessage<TRequest>, new()
    {
        var request =
            await call.ReadAsync<TRequest>().ConfigureAwait(false)
            ?? throw new RpcException(StatusCode.Internal, "The call has no request message.");
        if (await call.ReadAsync<TRequest>().ConfigureAwait(false) is not null)
            throw new RpcException(StatusCode.Internal, "The call has more than one request message.");
        return Shape(request);
    }

    private T Shape<T>(T message)
        where T : class, IMessage<T> => _shape?.Of(message) ?? message;
}
