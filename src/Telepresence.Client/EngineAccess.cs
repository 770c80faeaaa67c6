using Telepresence.Client.Contract;

namespace Telepresence.Client;

/// <summary>Gives the cmdlets the engine they need, and no more privilege than that.</summary>
/// <param name="source">Where engines come from.</param>
public sealed class EngineAccess(IEngineSource source)
{
    /// <summary>The network engine that runs; null when there is none, and so no session either.</summary>
    public async Task<EngineClient?> TryGetNetworkAsync(CancellationToken cancellationToken)
    {
        EngineNotifications notifications = new();
        return
            await source.FindAsync(EngineRole.Network, notifications.Methods, cancellationToken).ConfigureAwait(false)
                is { } connection
            ? new EngineClient(connection, notifications)
            : null;
    }

    /// <summary>The network engine; started, with elevation, when there is none.</summary>
    public Task<EngineClient> GetNetworkAsync(CancellationToken cancellationToken) =>
        GetNetworkAsync(progress: null, cancellationToken);

    /// <summary>The network engine; started, with elevation, when there is none.</summary>
    /// <param name="progress">Told what is waited for, in words.</param>
    public Task<EngineClient> GetNetworkAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        StartAsync(EngineRole.Network, progress, cancellationToken);

    /// <summary>The engine that is nothing but the user: for what it writes to be the user's.</summary>
    public Task<EngineClient> GetUserAsync(CancellationToken cancellationToken) =>
        StartAsync(EngineRole.User, null, cancellationToken);

    /// <summary>For questions that need no privilege: the network engine where one runs, else an engine of the user's.</summary>
    public async Task<EngineClient> GetAnyAsync(CancellationToken cancellationToken) =>
        await TryGetNetworkAsync(cancellationToken).ConfigureAwait(false)
        ?? await StartAsync(EngineRole.User, null, cancellationToken).ConfigureAwait(false);

    private async Task<EngineClient> StartAsync(
        EngineRole role,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        EngineNotifications notifications = new();
        return new EngineClient(
            await source
                .FindOrStartAsync(role, notifications.Methods, progress, cancellationToken)
                .ConfigureAwait(false),
            notifications
        );
    }
}
