using System.Diagnostics;
using System.Globalization;
using Telepresence.Client;
using Telepresence.Client.Contract;
using Telepresence.Client.Ipc;
using Telepresence.Client.Launch;

namespace Telepresence.Peers.Lab;

/// <summary>An engine in a workstation's namespace, with a session.</summary>
internal sealed class RunningEngine : IAsyncDisposable
{
    private readonly RunningProgram _program;
    private readonly bool _answersCounters;
    private EngineClient? _client;
    private string _session = "";

    private RunningEngine(RunningProgram program, bool answersCounters)
    {
        _program = program;
        _answersCounters = answersCounters;
    }

    /// <summary>From the start of the process until it answers.</summary>
    public TimeSpan StartTime { get; private set; }

    /// <summary>From the call until routes and names are in place.</summary>
    public TimeSpan ConnectTime { get; private set; }

    public long ResidentMemory => _program.ResidentMemory;

    public double ProcessorTime => _program.ProcessorTime;

    /// <param name="manager">Where the manager is reached directly; null: through the API server of the kubeconfig.</param>
    public static async Task<RunningEngine> StartAsync(string workstation, string? manager, string? kubeconfig)
    {
        var directory = $"/run/engine-{workstation}";
        string[] command = ["engine", "--directory", directory, "--foreground"];
        var runtime = string.Join(' ', EngineHosting.RuntimeSettings.Select(s => $"{s.Key}={s.Value}"));
        var environment =
            $"{runtime} XDG_CONFIG_HOME={directory} XDG_STATE_HOME={directory} XDG_DATA_HOME={directory} HOME={directory}";
        var clock = Stopwatch.StartNew();
        var process = manager is null
            ? Network.Start(workstation, Isolation.Dotnet, [EngineFiles.Locate(), .. command], environment)
            : Network.Start(
                workstation,
                Isolation.Dotnet,
                [Isolation.OwnAssembly, .. command],
                $"{environment} {BenchEngine.ManagerVariable}={manager}"
            );
        var engine = new RunningEngine(new RunningProgram(process), manager is not null);
        try
        {
            var line = await engine._program.WaitForAsync("telepresence-engine:").ConfigureAwait(false);
            if (line != EngineArguments.Ready)
            {
                throw new IOException(line);
            }
            engine.StartTime = clock.Elapsed;
            clock.Restart();
            await engine.ConnectAsync(directory, kubeconfig).ConfigureAwait(false);
            engine.ConnectTime = clock.Elapsed;
            return engine;
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Bytes that the engine has allocated so far; null where it is not asked.</summary>
    public async Task<long?> AllocatedBytesAsync() =>
        _answersCounters
            ? long.Parse(await _program.AskAsync("allocated").ConfigureAwait(false), CultureInfo.InvariantCulture)
            : null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.DisconnectAsync(_session, CancellationToken.None).ConfigureAwait(false);
            await _client.DisposeAsync().ConfigureAwait(false);
        }
        _program.Dispose();
    }

    private async Task ConnectAsync(string directory, string? kubeconfig)
    {
        var notifications = new EngineNotifications();
        JsonRpcConnection connection =
            await EngineLauncher
                .TryConnectAsync(
                    EngineRole.Network,
                    new EngineLaunchOptions { Directory = directory, Methods = notifications.Methods }
                )
                .ConfigureAwait(false)
            ?? throw new IOException("the engine does not listen");
        _client = new EngineClient(connection, notifications);
        var parameters = new ConnectParameters
        {
            Cluster = new ClusterSelection { Kubeconfig = kubeconfig },
            TimeoutSeconds = 30,
        };
        var session = await _client.ConnectAsync(parameters, null, CancellationToken.None).ConfigureAwait(false);
        _session = session.Name;
    }
}
