using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.E2ETests.Session;

/// <summary>
/// One workstation with a dual-stack sandbox and a connected engine, for all tests of a class. Built by the first test
/// that asks, since a fixture's own constructor cannot skip.
/// </summary>
public sealed class SessionFixture : IAsyncLifetime
{
    private readonly Lazy<Task> _starting;
    private Workstation? _workstation;

    public SessionFixture() => _starting = new Lazy<Task>(BuildAsync);

    internal Workstation Workstation => _workstation!;
    internal SandboxProcess Sandbox { get; private set; } = null!;
    internal EngineProcess Engine { get; private set; } = null!;
    internal TelepresenceSession Session { get; private set; } = null!;

    /// <summary>Skips the calling test where something is missing.</summary>
    internal Task StartAsync(params string[] needs)
    {
        Workstation.RequireTools(needs);
        return _starting.Value;
    }

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
        Engine = await EngineProcess.StartAsync(_workstation);
        Session = await Engine.ConnectAsync(Sandbox, new SubnetSelection());
    }
}
