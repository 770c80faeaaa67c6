using Telepresence.Client.Contract;
using Telepresence.Client.Errors;

namespace Telepresence.Client;

/// <summary>The engines of this user on this machine.</summary>
public sealed class EngineSource : IEngineSource
{
    /// <inheritdoc/>
    public Task<IEngineChannel?> FindAsync(EngineRole role, CancellationToken cancellationToken) =>
        Task.FromResult<IEngineChannel?>(null);

    /// <inheritdoc/>
    public Task<IEngineChannel> FindOrStartAsync(EngineRole role, CancellationToken cancellationToken) =>
        throw ErrorCatalogue.Error(ErrorId.EngineUnavailable, null, ("reason", "no launcher"));
}
