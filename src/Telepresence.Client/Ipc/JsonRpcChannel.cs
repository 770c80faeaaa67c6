using System.Text.Json;

namespace Telepresence.Client.Ipc;

/// <summary>A <see cref="JsonRpcConnection"/> as the cmdlets' code sees it.</summary>
internal sealed class JsonRpcChannel : IEngineChannel
{
    private JsonRpcConnection? _connection;

    /// <inheritdoc/>
    public event Action<string, JsonElement>? Notified;

    /// <summary>What the connection must be made with.</summary>
    public JsonRpcMethods CreateMethods()
    {
        JsonRpcMethods methods = new();
        methods.OnOtherNotifications((method, parameters) => Notified?.Invoke(method, parameters));
        return methods;
    }

    public JsonRpcChannel Over(JsonRpcConnection connection)
    {
        _connection = connection;
        return this;
    }

    /// <inheritdoc/>
    public Task<JsonElement> CallAsync(string method, JsonElement parameters, CancellationToken cancellationToken) =>
        _connection!.InvokeAsync(method, parameters, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection?.DisposeAsync() ?? ValueTask.CompletedTask;
}
