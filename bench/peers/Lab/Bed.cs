using System.Text.Json;
using Telepresence.Peers.Load;
using Telepresence.Peers.Report;

namespace Telepresence.Peers.Lab;

/// <summary>Everything that runs: load server, traffic-manager, sandbox, and the ways with their clients.</summary>
internal sealed class Bed : IAsyncDisposable
{
    private const int ManagerPort = 8081;
    private const string DirectZone = "default.svc.cluster.local";
    private readonly List<RunningProgram> _far = [];
    private readonly List<Column> _columns = [];
    private SandboxReady? _sandbox;

    public IReadOnlyList<Column> Columns => _columns;

    private static string Manager => $"{Network.FarAddress(Ways.Ours)}:{ManagerPort}";

    /// <summary>Starts all; a way that cannot be made is noted with the reason, and the others go on.</summary>
    public static async Task<Bed> StartAsync(PeersOptions options, Figures figures)
    {
        var bed = new Bed();
        try
        {
            Network.Build();
            await bed.StartFarSideAsync().ConfigureAwait(false);
            await bed.StartColumnsAsync(options, figures).ConfigureAwait(false);
            NoteWhatNeedsACluster(options, figures);
            return bed;
        }
        catch
        {
            await bed.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>An engine as the column has it, one at a time.</summary>
    public Task<RunningEngine> StartEngineAsync(string column) =>
        column == Ways.Ours
            ? RunningEngine.StartAsync(column, Manager, null)
            : RunningEngine.StartAsync(column, null, _sandbox!.Kubeconfig);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var column in _columns)
        {
            await column.DisposeAsync().ConfigureAwait(false);
        }
        _far.ForEach(p => p.Dispose());
    }

    private async Task StartFarSideAsync()
    {
        await StartFarAsync(Isolation.OwnAssembly, ["load-server"], "", "ready").ConfigureAwait(false);
        foreach (var workstation in Network.Workstations.Where(_ => Debian.Has(Iperf.Program)))
        {
            // Not to the pipe: nobody reads it, and when it is full the server waits.
            var serve = $"-s -p {LoadPorts.Bulk(Network.Index(workstation))} --logfile /dev/null".Split(' ');
            _far.Add(new RunningProgram(Network.Start(Network.Cluster, Iperf.Program, serve)));
        }
        var manager = typeof(TrafficManager.TrafficManagerServer).Assembly.Location;
        var environment =
            $"SERVER_HOST=0.0.0.0 SERVER_PORT={ManagerPort} SERVICE_CIDRS={Network.DirectServiceSubnet} POD_CIDRS=10.98.0.0/24";
        await StartFarAsync(manager, [], environment, "listens on").ConfigureAwait(false);
        string[] sandbox = ["sandbox", $"{Network.FarAddress(Ways.Forwarded)}:0"];
        var ready = await StartFarAsync(Isolation.OwnAssembly, sandbox, "TMPDIR=/run", "{").ConfigureAwait(false);
        _sandbox = JsonSerializer.Deserialize<SandboxReady>(ready);
    }

    private async Task<string> StartFarAsync(string assembly, string[] arguments, string environment, string ready)
    {
        var process = Network.Start(Network.Cluster, Isolation.Dotnet, [assembly, .. arguments], environment);
        var program = new RunningProgram(process);
        _far.Add(program);
        return await program.WaitForAsync(ready).ConfigureAwait(false);
    }

    private async Task StartColumnsAsync(PeersOptions options, Figures figures)
    {
        await TryAddAsync(
                Ways.Raw,
                () => Task.FromResult(Through(Ways.Raw, Network.FarAddress(Ways.Raw)) with { Zone = DirectZone })
            )
            .ConfigureAwait(false);
        await TryAddAsync(Ways.Ours, StartOursAsync).ConfigureAwait(false);
        await TryAddAsync(Ways.Forwarded, StartForwardedAsync).ConfigureAwait(false);
        await TryAddAsync(Ways.TcpRelay, () => RelayColumns.StartTcpAsync(Through)).ConfigureAwait(false);
        await TryAddAsync(
                Ways.HttpRelay,
                () =>
                    RelayColumns.StartHttpAsync(
                        Through,
                        (a, ready) => StartFarAsync(Isolation.OwnAssembly, a, "", ready)
                    )
            )
            .ConfigureAwait(false);
        foreach (var mtu in Ways.SlirpMtus)
        {
            await TryAddAsync(Ways.SlirpAt(mtu), () => SlirpColumn.StartAsync(mtu)).ConfigureAwait(false);
        }
        await TryAddAsync(Ways.Sshuttle, () => SshuttleColumn.StartAsync(_far)).ConfigureAwait(false);
        await TryAddAsync(Ways.Upstream, () => UpstreamColumn.StartAsync(_sandbox!)).ConfigureAwait(false);

        async Task TryAddAsync(string name, Func<Task<Column>> start)
        {
            if (options.Columns.Count > 0 && !options.Columns.Contains(name))
            {
                figures.SetNotRun(name, "not asked for (--columns)");
                return;
            }
            try
            {
                _columns.Add(await start().ConfigureAwait(false));
            }
            catch (IOException e)
            {
                figures.SetNotRun(name, e.Message);
            }
        }
    }

    /// <summary>A way that carries all, with the load server behind an address.</summary>
    private static Column Through(string name, string address) =>
        new(name, name, address, Traffic.Bulk | Traffic.Connections | Traffic.Datagrams)
        {
            Far = Network.FarAddress(name),
            BulkPort = LoadPorts.Bulk(Network.Index(name)),
        };

    private async Task<Column> StartOursAsync() =>
        Through(Ways.Ours, Network.DirectService) with
        {
            Zone = DirectZone,
            Engine = await StartEngineAsync(Ways.Ours).ConfigureAwait(false),
        };

    private async Task<Column> StartForwardedAsync() =>
        Through(Ways.Forwarded, _sandbox!.Address) with
        {
            KnownName = $"{BenchSandbox.Service}.demo.svc.cluster.local",
            Engine = await StartEngineAsync(Ways.Forwarded).ConfigureAwait(false),
        };

    private static void NoteWhatNeedsACluster(PeersOptions options, Figures figures)
    {
        foreach (var column in (string[])[Ways.Cluster, Ways.WebSocket])
        {
            figures.SetNotRun(
                column,
                options.Kubeconfig is null
                    ? "no kubeconfig is given (--kubeconfig, TELEPRESENCE_TEST_KUBECONFIG)"
                    : "the benchmark installs no traffic-manager in a cluster yet"
            );
        }
    }
}
