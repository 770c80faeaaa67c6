using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>
/// An engine on a workstation with a VPN, its one session, what can be asked about it, and its end, after which the
/// machine must be as it was before.
/// </summary>
internal sealed class VpnScene : IAsyncDisposable
{
    private readonly SortedSet<string> _before;

    private VpnScene(Workstation workstation, SandboxProcess sandbox, EngineProcess engine, SortedSet<string> before)
    {
        Workstation = workstation;
        Sandbox = sandbox;
        Engine = engine;
        _before = before;
    }

    public Workstation Workstation { get; }

    public SandboxProcess Sandbox { get; }

    public EngineProcess Engine { get; }

    /// <summary>As it was right after the connect.</summary>
    public TelepresenceSession Session { get; private set; } = null!;

    /// <summary>What <see cref="RouteTo"/> begins with for what goes into the cluster.</summary>
    public string Device => $"dev={Session.InterfaceAlias}";

    /// <summary>An engine without a session.</summary>
    public static async Task<VpnScene> StartAsync(Workstation workstation, SandboxProcess sandbox)
    {
        var before = workstation.NetworkState();
        return new VpnScene(workstation, sandbox, await EngineProcess.StartAsync(workstation), before);
    }

    public static async Task<VpnScene> ConnectAsync(
        Workstation workstation,
        SandboxProcess sandbox,
        SubnetSelection subnets
    )
    {
        var scene = await StartAsync(workstation, sandbox);
        try
        {
            await scene.ConnectAsync(subnets);
            return scene;
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connect that must fail with a typed error, and leaves nothing.</summary>
    public static async Task<TelepresenceException> RefusedAsync(
        Workstation workstation,
        SandboxProcess sandbox,
        SubnetSelection subnets
    )
    {
        await using var scene = await StartAsync(workstation, sandbox);
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => scene.ConnectAsync(subnets));
        Assert.Equal(scene._before, workstation.NetworkState());
        Assert.Empty(await scene.Engine.Client.ListSessionsAsync(EngineProcess.Bound));
        return error;
    }

    public async Task ConnectAsync(SubnetSelection subnets) => Session = await Engine.ConnectAsync(Sandbox, subnets);

    /// <summary>Does something to the machine and waits until the engine tells that the session is as wanted.</summary>
    public async Task<TelepresenceSession> ChangeAsync(Func<Task> change, Func<TelepresenceSession, bool> wanted)
    {
        var next = new TaskCompletionSource<TelepresenceSession>(TaskCreationOptions.RunContinuationsAsynchronously);
        void OnChanged(TelepresenceSession session)
        {
            if (wanted(session))
                next.TrySetResult(session);
        }
        Engine.Notifications.SessionChanged += OnChanged;
        try
        {
            await change();
            return await next.Task.WaitAsync(EngineProcess.Bound);
        }
        finally
        {
            Engine.Notifications.SessionChanged -= OnChanged;
        }
    }

    public string RouteTo(string address) => Workstation.RouteTo(address);

    public void AssertGoesIntoTheCluster(params string[] addresses) =>
        Assert.All(addresses, address => Assert.StartsWith(Device, RouteTo(address), StringComparison.Ordinal));

    /// <summary>What Find-TelepresenceRoute says.</summary>
    public async Task<TelepresenceRouteDecision> FindAsync(string address) =>
        Assert.Single(await Engine.Client.FindRouteAsync(new FindRouteParameters([address]), EngineProcess.Bound));

    /// <summary>The address that a program gets for a name.</summary>
    public string AddressOf(string name, string type = "A") => Workstation.Dig("+short", name, type).Split('\n')[0];

    /// <summary>curl gets the cluster's page from that host, by name or address.</summary>
    public void AssertClusterAnswersAt(string host, int port = 80)
    {
        var url = host.Contains(':') ? $"http://[{host}]:{port}/" : $"http://{host}:{port}/";
        Assert.Contains(Sandbox.PageToken, Workstation.Curl(url, "-g"), StringComparison.Ordinal);
    }

    /// <summary>By name: a service with an address of its own, and one with its pods'.</summary>
    public void AssertClusterAnswers()
    {
        AssertClusterAnswersAt("web.demo");
        AssertClusterAnswersAt("web-headless.demo", 8080);
    }

    /// <summary>Disconnects: the engine ends with it, and nothing is left.</summary>
    public async Task EndAsync()
    {
        await Engine.Client.DisconnectAsync(Session.Name, EngineProcess.Bound);
        await Engine.WaitForExitAsync();
        Assert.Equal(_before, Workstation.NetworkState());
    }

    /// <summary>Ends what a failed test left, which would be in the next one's way.</summary>
    public async ValueTask DisposeAsync() => await Engine.EndAsync();
}
