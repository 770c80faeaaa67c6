using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Launch;
using Telepresence.Client.Logs;
using Telepresence.Engine.Ipc;
using Telepresence.Engine.Session;

namespace Telepresence.Engine.Host;

/// <summary>What an engine process gives to the rooms that are composed in it, and its run from start to end.</summary>
internal sealed partial class EngineHost
{
    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(50);

    private readonly List<Func<CancellationToken, Task>> _onStop = [];
    private readonly ILogger _logger;

    private EngineHost(
        EngineHostOptions options,
        EngineLifetime lifetime,
        IpcServer server,
        TunDescriptors tun,
        ILoggerFactory loggers,
        LogLevelControl logLevel
    )
    {
        Options = options;
        Lifetime = lifetime;
        Server = server;
        Tun = tun;
        Loggers = loggers;
        LogLevels = logLevel;
        _logger = loggers.CreateLogger<EngineHost>();
    }

    public EngineHostOptions Options { get; }

    /// <summary>Sessions hold it for as long as they live.</summary>
    public EngineLifetime Lifetime { get; }

    /// <summary>Where methods are registered.</summary>
    public IpcServer Server { get; }

    /// <summary>Where /dev/net/tun comes from.</summary>
    public TunDescriptors Tun { get; }

    public ILoggerFactory Loggers { get; }

    /// <summary>What is logged, which a user may change.</summary>
    public LogLevelControl LogLevels { get; }

    /// <summary>Runs before the process ends, last registered first: sessions disconnect here.</summary>
    public void OnStop(Func<CancellationToken, Task> action) => _onStop.Add(action);

    /// <summary>
    /// Runs an engine until it is idle or told to end (TERM, INT, HUP): locks, detaches, listens, tells the launcher that it is
    /// ready, and undoes everything in the opposite order.
    /// </summary>
    /// <param name="compose">Registers methods; runs before the engine answers.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(EngineHostOptions options, Action<EngineHost> compose)
    {
        EngineEndpoint endpoint = new(RuntimeDirectory.Ensure(options.Directory), options.Role);
        await using var ownership = await LockAsync(endpoint).ConfigureAwait(false);
        // For people and for Repair: which process it is.
        ownership.SetLength(0);
        ownership.Write(Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"));
        ownership.Flush();
        using LogLevelControl level = new(options.Time);
        using BoundedFileLoggerProvider log = new(
            options.LogFile ?? EngineLog.DefaultPath(options.Role),
            options.Time,
            level
        );
        // Not LoggerFactory.Create: its service container is a tenth of what the engine's start takes.
        using LoggerFactory loggers = new([log], new LoggerFilterOptions { MinLevel = LogLevel.Trace });
        using EngineLifetime lifetime = new(
            options.IdleGrace,
            connectionsHold: options.Role == EngineRole.User,
            options.Time
        );
        using TunDescriptors tun = new(options.TunDescriptors);
        await using IpcServer server = new(lifetime, PeerIdentity.Create(), loggers.CreateLogger<IpcServer>());
        EngineHost host = new(options, lifetime, server, tun, loggers, level);
        ProcessDetachment.HearSignals();
        using var term = host.StopOn(PosixSignal.SIGTERM);
        using var interrupt = host.StopOn(PosixSignal.SIGINT);
        using var hangUp = host.StopOn(PosixSignal.SIGHUP);
        host.RegisterHello();
        compose(host);
        server.Listen(endpoint.SocketPath);
        host.LogStarted(options.Role, Environment.ProcessId);
        Console.Out.WriteLine(EngineArguments.Ready);
        Console.Out.Flush();
        if (!options.Foreground)
        {
            ProcessDetachment.Detach();
        }
        var warming = Task.Run(WarmUp.Run);
        await host.RunUntilStoppedAsync(endpoint).ConfigureAwait(false);
        await warming.ConfigureAwait(false);
        return 0;
    }

    private async Task RunUntilStoppedAsync(EngineEndpoint endpoint)
    {
        using var stopped = new SemaphoreSlim(0, 1);
        await using (Lifetime.Stopping.Register(() => stopped.Release()))
        {
            await stopped.WaitAsync().ConfigureAwait(false);
        }
        LogStopping();
        // Whoever looks for an engine from now on starts another, which waits for our lock.
        File.Delete(endpoint.SocketPath);
        using CancellationTokenSource bound = new(Options.ShutdownTimeout, Options.Time);
        foreach (var action in Enumerable.Reverse(_onStop))
        {
            try
            {
                await action(bound.Token).WaitAsync(bound.Token).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // One room that fails to undo its work must not keep the next from it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogStopFailed(e);
            }
        }
        LogStopped();
    }

    private void RegisterHello() =>
        Server.Register<HelloParameters, HelloResult>(
            EngineMethods.Hello,
            (_, _, _) =>
                Task.FromResult(
                    new HelloResult(
                        EngineVersion.Text,
                        EngineMethods.ContractVersion,
                        Environment.ProcessId,
                        Options.Role
                    )
                )
        );

    private PosixSignalRegistration StopOn(PosixSignal signal) =>
        PosixSignalRegistration.Create(
            signal,
            context =>
            {
                // Without this the runtime ends the process before anything is undone.
                context.Cancel = true;
                LogSignal(signal);
                Lifetime.Stop();
            }
        );

    private static async Task<FileStream> LockAsync(EngineEndpoint endpoint)
    {
        using CancellationTokenSource bound = new(LockWait);
        while (true)
        {
            try
            {
                return new FileStream(endpoint.LockPath, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e)
            {
                // An engine that is just ending still undoes its work.
                if (bound.IsCancellationRequested)
                {
                    throw ErrorCatalogue.Error(
                        ErrorId.EngineUnavailable,
                        null,
                        e,
                        ("reason", $"another engine holds '{endpoint.LockPath}'")
                    );
                }
                await Task.Delay(LockPoll).ConfigureAwait(false);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Engine ({Role}) started, pid {ProcessId}")]
    private partial void LogStarted(EngineRole role, int processId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Got {Signal}")]
    private partial void LogSignal(PosixSignal signal);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ending")]
    private partial void LogStopping();

    [LoggerMessage(Level = LogLevel.Information, Message = "Ended")]
    private partial void LogStopped();

    [LoggerMessage(Level = LogLevel.Error, Message = "Undoing failed")]
    private partial void LogStopFailed(Exception exception);
}
