using Telepresence.Client.Contract;

namespace Telepresence.Client;

/// <summary>Finds and starts engines.</summary>
public interface IEngineSource
{
    /// <summary>A connection to the engine that runs; null when none does. Never starts one.</summary>
    Task<IEngineChannel?> FindAsync(EngineRole role, CancellationToken cancellationToken);

    /// <summary>A connection to the engine that runs, or to one started now; may ask for a password.</summary>
    /// <exception cref="Errors.TelepresenceException">ElevationRefused, EngineUnavailable, PlatformNotYetSupported.</exception>
    Task<IEngineChannel> FindOrStartAsync(EngineRole role, CancellationToken cancellationToken);
}
