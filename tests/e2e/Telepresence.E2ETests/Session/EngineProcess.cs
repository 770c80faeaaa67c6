using Telepresence.Client;
using Telepresence.Client.Contract;
using Telepresence.Client.Launch;
using Telepresence.Client.Objects;

namespace Telepresence.E2ETests.Session;

/// <summary>An engine process in the workstation's namespace, and the client that speaks to it over its socket.</summary>
internal sealed class EngineProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;
    private readonly string _home;

    private EngineProcess(
        ChildProcess process,
        EngineClient client,
        EngineNotifications notifications,
        EngineEndpoint endpoint,
        string home
    )
    {
        _process = process;
        _home = home;
        Client = client;
        Notifications = notifications;
        Endpoint = endpoint;
    }

    /// <summary>The host that may swap parts, built beside these tests.</summary>
    public static string TestEngineAssembly =>
        typeof(EngineProcess).Assembly.Location.Replace("E2ETests", "TestEngine", StringComparison.Ordinal);

    public EngineClient Client { get; }

    /// <summary>What the engine tells without being asked.</summary>
    public EngineNotifications Notifications { get; }

    public EngineEndpoint Endpoint { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public static CancellationToken Bound => new CancellationTokenSource(ChildProcess.Deadline).Token;

    /// <param name="environment">What <c>Telepresence.TestEngine</c> swaps; nothing: the product's own engine runs.</param>
    public static Task<EngineProcess> StartAsync(
        Workstation workstation,
        params (string Name, string Value)[] environment
    ) => StartAsync(workstation, EngineRole.Network, environment);

    public static async Task<EngineProcess> StartAsync(
        Workstation workstation,
        EngineRole role,
        params (string Name, string Value)[] environment
    )
    {
        var runtime = workstation.NewFolder("run");
        var process = ChildProcess.Start(
            workstation.Net,
            [
                ("HOME", workstation.Home),
                ("XDG_CACHE_HOME", Path.Combine(runtime, "cache")),
                (RuntimeDirectory.OverrideVariable, runtime),
                .. environment,
            ],
            // As behind nohup or a shell's &: the engine must hear its signals all the same.
            "env",
            [
                "--ignore-signal=HUP,INT",
                "dotnet",
                environment.Length > 0 ? TestEngineAssembly : EngineFiles.Locate(),
                .. new EngineArguments
                {
                    Role = role,
                    Directory = runtime,
                    Foreground = true,
                }.ToArguments(),
            ]
        );
        await process.WaitForLineAsync(line => line == EngineArguments.Ready);
        var notifications = new EngineNotifications();
        var connection = await EngineLauncher.TryConnectAsync(
            role,
            new EngineLaunchOptions { Directory = runtime, Methods = notifications.Methods },
            Bound
        );
        Assert.NotNull(connection);
        return workstation.Own(
            new EngineProcess(
                process,
                new EngineClient(connection, notifications),
                notifications,
                new EngineEndpoint(runtime, role),
                runtime
            )
        );
    }

    public Task<TelepresenceSession> ConnectAsync(
        SandboxProcess sandbox,
        SubnetSelection? subnets = null,
        string? name = null,
        string space = SandboxNamespace
    ) =>
        Client.ConnectAsync(
            new ConnectParameters
            {
                Cluster = new ClusterSelection { Kubeconfig = sandbox.Kubeconfig },
                Namespace = space,
                Name = name,
                Subnets = subnets ?? new SubnetSelection(),
                TimeoutSeconds = 60,
            },
            null,
            Bound
        );

    /// <summary>Namespace of the sample workloads.</summary>
    public const string SandboxNamespace = "demo";

    /// <summary>
    /// Waits until the engine lists no TCP connection any more but for those in TIME-WAIT, which RFC 9293 keeps for a minute:
    /// the last segments of the closed ones are on their way.
    /// </summary>
    public async Task WaitForNoConnectionsAsync()
    {
        var bound = Bound;
        while (
            (await Client.ConnectionsAsync(null, bound)).Any(c =>
                c is { Protocol: TransportProtocol.Tcp, State: not "TimeWait" }
            )
        )
            await Task.Delay(20, bound);
    }

    public string Log() => File.ReadAllText(Path.Combine(_home, "cache", "telepresence", "logs", "engine.log"));

    /// <summary>Sends the signal and waits for the end.</summary>
    public Task EndAsync(string signal = "TERM") => _process.EndAsync(signal);

    public Task WaitForExitAsync() => _process.WaitForExitAsync();

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await _process.DisposeAsync();
    }
}
