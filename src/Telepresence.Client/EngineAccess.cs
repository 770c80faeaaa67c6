using System.Reflection;
using Telepresence.Client.Contract;

namespace Telepresence.Client;

/// <summary>Gives the cmdlets the engine they need, and no more privilege than that.</summary>
/// <param name="source">Where engines come from.</param>
public sealed class EngineAccess(IEngineSource source)
{
    /// <summary>Version of this module, as engines are told.</summary>
    public static string ModuleVersion { get; } =
        typeof(EngineAccess)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.Split('+')[0];

    /// <summary>The network engine that runs; null when there is none, and so no session either.</summary>
    public async Task<EngineClient?> TryGetNetworkAsync(CancellationToken cancellationToken) =>
        await source.FindAsync(EngineRole.Network, cancellationToken).ConfigureAwait(false) is { } channel
            ? await GreetAsync(channel, cancellationToken).ConfigureAwait(false)
            : null;

    /// <summary>The network engine; started, with elevation, when there is none.</summary>
    public async Task<EngineClient> GetNetworkAsync(CancellationToken cancellationToken) =>
        await GreetAsync(
                await source.FindOrStartAsync(EngineRole.Network, cancellationToken).ConfigureAwait(false),
                cancellationToken
            )
            .ConfigureAwait(false);

    /// <summary>For questions that need no privilege: the network engine where one runs, else an engine of the user's.</summary>
    public async Task<EngineClient> GetAnyAsync(CancellationToken cancellationToken) =>
        await TryGetNetworkAsync(cancellationToken).ConfigureAwait(false)
        ?? await GreetAsync(
                await source.FindOrStartAsync(EngineRole.User, cancellationToken).ConfigureAwait(false),
                cancellationToken
            )
            .ConfigureAwait(false);

    private static async Task<EngineClient> GreetAsync(IEngineChannel channel, CancellationToken cancellationToken)
    {
        var client = new EngineClient(channel);
        try
        {
            await client.HelloAsync(ModuleVersion, cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
