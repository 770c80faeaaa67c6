using Telepresence.Client.Contract;
using Telepresence.Client.Ipc;
using Telepresence.Client.Launch;

namespace Telepresence.Client;

/// <summary>The engines of this user on this machine.</summary>
/// <param name="integrity">What the network engine's files must be before it is started; null: any.</param>
public sealed class EngineSource(Func<EngineIntegrity>? integrity = null) : IEngineSource
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

    private EngineLaunchOptions Options(JsonRpcMethods methods) => new() { Methods = methods, Integrity = integrity };
}
