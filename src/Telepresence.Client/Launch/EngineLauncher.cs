using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;

namespace Telepresence.Client.Launch;

/// <summary>Finds the user's engine of a role, starts it where there is none, and says hello.</summary>
public static class EngineLauncher
{
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(50);

    /// <summary>A connection to the engine that runs, or null.</summary>
    /// <exception cref="TelepresenceException">EngineVersionMismatch, EngineUnavailable.</exception>
    public static async Task<JsonRpcConnection?> TryConnectAsync(
        EngineRole role,
        EngineLaunchOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        options ??= new EngineLaunchOptions();
        EngineEndpoint endpoint = new(options.Directory ?? RuntimeDirectory.Locate(), role);
        if (!Directory.Exists(endpoint.Directory))
        {
            return null;
        }
        RuntimeDirectory.Ensure(endpoint.Directory);
        return await endpoint.TryConnectAsync(cancellationToken).ConfigureAwait(false) is { } stream
            ? await GreetAsync(stream, options, cancellationToken).ConfigureAwait(false)
            : null;
    }

    /// <summary>A connection to the engine, which is started, with elevation where its role needs it, when none runs.</summary>
    /// <param name="progress">Told what is being waited for, in words.</param>
    /// <exception cref="TelepresenceException">
    /// EngineUnavailable, EngineChanged, EngineVersionMismatch, ElevationRefused, TunUnavailable, PlatformNotYetSupported.
    /// </exception>
    public static async Task<JsonRpcConnection> ConnectOrStartAsync(
        EngineRole role,
        EngineLaunchOptions? options = null,
        IProgress<string>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        options ??= new EngineLaunchOptions();
        var directory = RuntimeDirectory.Ensure(options.Directory ?? RuntimeDirectory.Locate());
        EngineEndpoint endpoint = new(directory, role);
        if (await endpoint.TryConnectAsync(cancellationToken).ConfigureAwait(false) is { } running)
        {
            return await GreetAsync(running, options, cancellationToken).ConfigureAwait(false);
        }
        progress?.Report("starting the engine");
        await using var launching = await LockAsync(endpoint.LaunchLockPath, cancellationToken).ConfigureAwait(false);
        // Another launcher may have started it while we waited for the lock.
        var stream = await endpoint.TryConnectAsync(cancellationToken).ConfigureAwait(false);
        if (stream is null)
        {
            await EngineStart.StartAsync(endpoint, options, progress, cancellationToken).ConfigureAwait(false);
            stream =
                await endpoint.TryConnectAsync(cancellationToken).ConfigureAwait(false)
                ?? throw ErrorCatalogue.Error(
                    ErrorId.EngineUnavailable,
                    null,
                    ("reason", $"it started, but does not listen on '{endpoint.SocketPath}'")
                );
        }
        return await GreetAsync(stream, options, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<FileStream> LockAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                // The only way to wait for a file lock that also ends when told to.
                await Task.Delay(LockPoll, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task<JsonRpcConnection> GreetAsync(
        Stream stream,
        EngineLaunchOptions options,
        CancellationToken cancellationToken
    )
    {
        JsonRpcConnection connection = new(stream, options.Methods);
        try
        {
            connection.Start();
            var hello = await connection
                .InvokeAsync<HelloParameters, HelloResult>(
                    EngineMethods.Hello,
                    new HelloParameters(options.ClientVersion, EngineMethods.ContractVersion),
                    cancellationToken
                )
                .ConfigureAwait(false);
            return hello.ContractVersion == EngineMethods.ContractVersion
                ? connection
                : throw ErrorCatalogue.Error(
                    ErrorId.EngineVersionMismatch,
                    null,
                    ("engine", hello.EngineVersion),
                    ("module", options.ClientVersion)
                );
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
