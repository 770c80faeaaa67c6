using System.Text.Json;

namespace Telepresence.Peers.Lab;

/// <summary>Everything that runs: load server, traffic-manager, sandbox, engines, load clients.</summary>
internal sealed class Bed : IAsyncDisposable
{
    private const int ManagerPort = 8081;
    private readonly List<RunningProgram> _far = [];
    private readonly List<Column> _columns = [];
    private SandboxReady? _sandbox;

    public IReadOnlyList<Column> Columns => _columns;

    public static string Manager => $"{Network.FarAddress("ours")}:{ManagerPort}";

    public string Kubeconfig => _sandbox!.Kubeconfig;

    public static async Task<Bed> StartAsync()
    {
        var bed = new Bed();
        try
        {
            Network.Build();
            await bed.StartFarSideAsync().ConfigureAwait(false);
            await bed.StartColumnsAsync().ConfigureAwait(false);
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
        column == "ours"
            ? RunningEngine.StartAsync(column, Manager, null)
            : RunningEngine.StartAsync(column, null, Kubeconfig);

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
        var manager = typeof(TrafficManager.TrafficManagerServer).Assembly.Location;
        var environment =
            $"SERVER_HOST=0.0.0.0 SERVER_PORT={ManagerPort} SERVICE_CIDRS={Network.DirectServiceSubnet} POD_CIDRS=10.98.0.0/24";
        await StartFarAsync(manager, [], environment, "listens on").ConfigureAwait(false);
        string[] arguments = ["sandbox", $"{Network.FarAddress("forwarded")}:0"];
        var ready = await StartFarAsync(Isolation.OwnAssembly, arguments, "TMPDIR=/run", "{").ConfigureAwait(false);
        _sandbox = JsonSerializer.Deserialize<SandboxReady>(ready);
    }

    private async Task<string> StartFarAsync(string assembly, string[] arguments, string environment, string ready)
    {
        var process = Network.Start(Network.Cluster, Isolation.Dotnet, [assembly, .. arguments], environment);
        var program = new RunningProgram(process);
        _far.Add(program);
        return await program.WaitForAsync(ready).ConfigureAwait(false);
    }

    private async Task StartColumnsAsync()
    {
        const string directName = "bench.default.svc.cluster.local";
        const string sandboxName = $"{BenchSandbox.Service}.demo.svc.cluster.local";
        _columns.Add(new Column("raw", StartClient("raw"), Network.FarAddress("raw"), directName));
        _columns.Add(new Column("ours", StartClient("ours"), Network.DirectService, directName));
        _columns.Add(new Column("forwarded", StartClient("forwarded"), _sandbox!.Address, sandboxName));
        foreach (var column in _columns.Skip(1))
        {
            column.Engine = await StartEngineAsync(column.Name).ConfigureAwait(false);
        }
    }

    private static RunningProgram StartClient(string workstation) =>
        new(Network.Start(workstation, Isolation.Dotnet, [Isolation.OwnAssembly, "load-client"]));
}
