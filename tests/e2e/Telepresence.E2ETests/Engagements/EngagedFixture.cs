using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.E2ETests.Netns;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Engagements;

/// <summary>
/// One workstation with a sandbox for all tests of a class; each test has an engine of its own. Built by the first test that asks,
/// since a fixture's own constructor cannot skip.
/// </summary>
public sealed class EngagedFixture : IAsyncLifetime
{
    private readonly Lazy<Task> _starting;
    private Workstation? _workstation;
    private int _port = 18080;

    public EngagedFixture() => _starting = new Lazy<Task>(BuildAsync);

    internal Workstation Workstation => _workstation!;

    internal SandboxProcess Sandbox { get; private set; } = null!;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_workstation is not null)
            await _workstation.DisposeAsync();
    }

    /// <summary>A session of an engine of its own.</summary>
    internal async Task<EngagedSession> ConnectAsync(params string[] vnat)
    {
        Workstation.RequireTools();
        await _starting.Value;
        var engine = await EngineProcess.StartAsync(Workstation);
        return new EngagedSession(
            this,
            engine,
            await engine.ConnectAsync(Sandbox, new SubnetSelection { Vnat = vnat })
        );
    }

    /// <summary>A port of the workstation that no other test has.</summary>
    internal int NewPort() => Interlocked.Increment(ref _port);

    /// <summary>A Python program on the workstation that says <c>listening</c> when it does.</summary>
    internal async Task<ChildProcess> StartAsync(string script, int port)
    {
        var program = ChildProcess.Start(Workstation.Net, [], Workstation.Python, "-c", script, $"{port}");
        await program.WaitForLineAsync(line => line == "listening");
        return program;
    }

    /// <summary>A file of a sample's volumes, as the sandbox has it.</summary>
    internal string SandboxFile(string path) =>
        Directory
            .GetFiles(Workstation.Folder, Path.GetFileName(path), SearchOption.AllDirectories)
            .Single(f => f.EndsWith(path, StringComparison.Ordinal));

    private async Task BuildAsync()
    {
        _workstation = await Workstation.StartAsync();
        Sandbox = await SandboxProcess.StartAsync(_workstation);
    }
}

/// <summary>An engine with a session; disposal ends both, and nothing of it is left.</summary>
internal sealed record EngagedSession(EngagedFixture Fixture, EngineProcess Engine, TelepresenceSession Session)
    : IAsyncDisposable
{
    public Task<TelepresenceEngagement> NewAsync(EngagementRequest request) =>
        Engine.Client.EngageAsync(request, null, EngineProcess.Bound);

    public Task RemoveAsync(string name) =>
        Engine.Client.RemoveEngagementAsync(Session.Name, name, EngineProcess.Bound);

    /// <summary>A program where the engine's mounts are: ip(8) gives each that it starts mounts of its own.</summary>
    public ProgramResult RunWithMounts(string program, params string[] arguments) =>
        NetworkNamespace.Execute(
            "nsenter",
            ["--target", $"{Engine.Id}", "--mount", "--net", "--", program, .. arguments]
        );

    public async ValueTask DisposeAsync()
    {
        if (Engine.HasExited)
            return;
        await Engine.Client.DisconnectAsync(Session.Name, EngineProcess.Bound);
        await Engine.WaitForExitAsync();
    }
}
