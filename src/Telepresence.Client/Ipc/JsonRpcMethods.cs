using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Telepresence.Client.Ipc;

/// <summary>The methods one end answers and the notifications it listens to. Shared by all connections of a server.</summary>
public sealed class JsonRpcMethods
{
    private readonly ConcurrentDictionary<string, Handler> _methods = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Action<JsonElement?, JsonRpcConnection>> _notifications = new(
        StringComparer.Ordinal
    );
    private readonly JsonSerializerOptions _serializer;
    private Action<string, JsonElement>? _others;

    /// <param name="serializer">Knows every type that is registered.</param>
    public JsonRpcMethods(JsonSerializerOptions? serializer = null) =>
        _serializer = serializer ?? new JsonRpcOptions().Serializer;

    internal delegate Task<JsonElement?> Handler(
        JsonElement? parameters,
        JsonRpcRequest request,
        CancellationToken cancellationToken
    );

    /// <summary>Answers <paramref name="method"/>. The token is cancelled when the peer cancels, or is gone.</summary>
    public void Register<TParams, TResult>(
        string method,
        Func<TParams, JsonRpcRequest, CancellationToken, Task<TResult>> handler
    )
    {
        _methods[method] = async (parameters, request, cancellationToken) =>
        {
            var result = await handler(Read<TParams>(parameters), request, cancellationToken).ConfigureAwait(false);
            return JsonSerializer.SerializeToElement(result, TypeInfo<TResult>());
        };
    }

    /// <summary>Answers <paramref name="method"/> with nothing.</summary>
    public void Register<TParams>(string method, Func<TParams, JsonRpcRequest, CancellationToken, Task> handler)
    {
        _methods[method] = async (parameters, request, cancellationToken) =>
        {
            await handler(Read<TParams>(parameters), request, cancellationToken).ConfigureAwait(false);
            return null;
        };
    }

    /// <summary>Listens to a notification. Handlers run one after another, in the order of arrival, and must not block.</summary>
    public void OnNotification<TParams>(string method, Action<TParams, JsonRpcConnection> handler) =>
        _notifications[method] = (parameters, connection) => handler(Read<TParams>(parameters), connection);

    /// <summary>Listens to every notification that no other handler is registered for, in the order of arrival.</summary>
    public void OnOtherNotifications(Action<string, JsonElement> handler) => _others = handler;

    internal Handler? Find(string method) => _methods.GetValueOrDefault(method);

    internal Action<JsonElement?, JsonRpcConnection>? FindNotification(string method) =>
        _notifications.GetValueOrDefault(method)
        ?? (_others is { } others ? (parameters, _) => others(method, parameters ?? default) : null);

    // Looked up by the call and not by the registration: describing every type of a contract is most of a process's start.
    private JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)_serializer.GetTypeInfo(typeof(T));

    private T Read<T>(JsonElement? parameters)
    {
        var type = TypeInfo<T>();
        try
        {
            // Left-out params are an empty object, so that records of optional values take them.
            return (parameters is { } given ? given.Deserialize(type) : JsonSerializer.Deserialize("{}"u8, type))
                ?? throw new InvalidParametersException("null");
        }
        catch (JsonException e)
        {
            throw new InvalidParametersException(e.Message, e);
        }
    }
}
