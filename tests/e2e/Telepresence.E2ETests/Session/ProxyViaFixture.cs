using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.E2ETests.Session;

/// <summary>
/// One workstation with a dual-stack sandbox, whose namespace <c>mesh</c> has workloads of every kind, for all tests of a
/// class. Each test has an engine of its own. Built by the first test that asks, since a fixture's own constructor cannot
/// skip.
/// </summary>
public sealed class ProxyViaFixture : IAsyncLifetime
{
    /// <summary>Where the workloads are that may have agents.</summary>
    public const string Namespace = "mesh";

    private readonly Lazy<Task> _starting;
    private Workstation? _workstation;

    public ProxyViaFixture() => _starting = new Lazy<Task>(BuildAsync);

    internal Workstation Workstation => _workstation!;
    internal SandboxProcess Sandbox { get; private set; } = null!;

    /// <summary>Skips the calling test where something is missing.</summary>
    internal Task StartAsync()
    {
        Workstation.RequireTools("kubectl");
        return _starting.Value;
    }

    internal async Task<Connection> ConnectAsync(params string[] proxyVia)
    {
        await StartAsync();
        var engine = await EngineProcess.StartAsync(Workstation);
        var subnets = new SubnetSelection { ProxyVia = proxyVia };
        return new Connection(engine, await engine.ConnectAsync(Sandbox, subnets, space: Namespace));
    }

    /// <summary>Addresses of a workload's pods, as kubectl tells them.</summary>
    internal string[] PodAddresses(string workload) =>
        Workstation
            .Run(
                "kubectl",
                "--kubeconfig",
                Sandbox.Kubeconfig,
                "--namespace",
                Namespace,
                "get",
                "pods",
                "--selector",
                $"app={workload}",
                "--output",
                "jsonpath={.items[*].status.podIPs[*].ip}"
            )
            .Require()
            .Split(' ');

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_workstation is not null)
            await _workstation.DisposeAsync();
    }

    private async Task BuildAsync()
    {
        _workstation = await Workstation.StartAsync();
        Sandbox = await SandboxProcess.StartAsync(_workstation, "--dual-stack");
    }

    /// <summary>A session of an engine of its own; disposal ends both.</summary>
    internal sealed record Connection(EngineProcess Engine, TelepresenceSession Session) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Engine.Client.DisconnectAsync(Session.Name, EngineProcess.Bound);
            await Engine.WaitForExitAsync();
        }
    }
}
