using Telepresence.Client.Contract;
using Telepresence.Client.Ipc;
using Telepresence.Client.Launch;

namespace Telepresence.Client;

/// <summary>The engines of this user on this machine.</summary>
public sealed class EngineSource : IEngineSource
{
    /// <inheritdoc/>
    public async Task<IEngineChannel?> FindAsync(EngineRole role, CancellationToken cancellationToken)
    {
        JsonRpcChannel channel = new();
        var connection = await EngineLauncher
            .TryConnectAsync(role, Options(channel), cancellationToken)
            .ConfigureAwait(false);
        return connection is null ? null : channel.Over(connection);
    }

    /// <inheritdoc/>
    public async Task<IEngineChannel> FindOrStartAsync(EngineRole role, CancellationToken cancellationToken)
    {
        JsonRpcChannel channel = new();
        return channel.Over(
            await EngineLauncher
                .ConnectOrStartAsync(role, Options(channel), progress: null, cancellationToken)
                .ConfigureAwait(false)
        );
    }

    private static EngineLaunchOptions Options(JsonRpcChannel channel) =>
        new() { Methods = channel.CreateMethods(), ClientVersion = EngineAccess.ModuleVersion };
}
