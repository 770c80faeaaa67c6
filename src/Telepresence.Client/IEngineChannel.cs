using System.Text.Json;

namespace Telepresence.Client;

/// <summary>A JSON-RPC connection to an engine, as <see cref="EngineClient"/> needs it.</summary>
public interface IEngineChannel : IAsyncDisposable
{
    /// <summary>Calls a method. Cancelling tells the engine, which undoes what it had begun.</summary>
    /// <exception cref="Errors.TelepresenceException">The engine answered with a typed error.</exception>
    /// <exception cref="IOException">The connection is gone.</exception>
    Task<JsonElement> CallAsync(string method, JsonElement parameters, CancellationToken cancellationToken);

    /// <summary>Raised for every notification of the engine, with its method and parameters; on any thread.</summary>
    event Action<string, JsonElement>? Notified;
}
