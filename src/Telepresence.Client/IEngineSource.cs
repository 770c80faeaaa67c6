using Telepresence.Client.Contract;
using Telepresence.Client.Ipc;

namespace Telepresence.Client;

/// <summary>Finds and starts engines; the connections have said hello.</summary>
public interface IEngineSource
{
    /// <summary>A connection to the engine that runs; null when none does. Never starts one.</summary>
    Task<JsonRpcConnection?> FindAsync(EngineRole role, JsonRpcMethods methods, CancellationToken cancellationToken);

    /// <summary>A connection to the engine that runs, or to one started now; may ask for a password.</summary>
    /// <param name="progress">Told what is waited for, in words.</param>
    /// <exception cref="Errors.TelepresenceException">ElevationRefused, EngineUnavailable, PlatformNotYetSupported.</exception>
    Task<JsonRpcConnection> FindOrStartAsync(
        EngineRole role,
        JsonRpcMethods methods,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    );
}
