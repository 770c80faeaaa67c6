using Telepresence.Client.Contract;
using Telepresence.Client.Ipc;
using Telepresence.Client.Launch;

namespace Telepresence.Client;

/// <summary>The engines of this user on this machine.</summary>
public sealed class EngineSource : IEngineSource
{
    /// <inheritdoc/>
    public Task<JsonRpcConnection?> FindAsync(
        EngineRole role,
        JsonRpcMethods methods,
        CancellationToken cancellationToken
    ) => EngineLauncher.TryConnectAsync(role, Options(methods), cancellationToken);

    /// <inheritdoc/>
    public Task<JsonRpcConnection> FindOrStartAsync(
        EngineRole role,
        JsonRpcMethods methods,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    ) => EngineLauncher.ConnectOrStartAsync(role, Options(methods), progress, cancellationToken);

    private static EngineLaunchOptions Options(JsonRpcMethods methods) => new() { Methods = methods };
}
