using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Telepresence.Client;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Launch;
using Telepresence.E2ETests.Netns;
using Telepresence.Sandbox;

namespace Telepresence.E2ETests.Errors;

/// <summary>
/// A machine of its own (network namespace, resolv.conf) in which real engines run, and sandboxes that fail in the way a
/// test asks for.
/// </summary>
public sealed class ErrorsFixture : IAsyncLifetime
{
    /// <summary>Longer than anything takes on a busy machine: whatever waits for it has failed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private const string ResolvConf = "nameserver 192.0.2.53\noptions timeout:1 attempts:1\n";

    private readonly List<IAsyncDisposable> _owned = [];
    private readonly Dictionary<SandboxOptions, RunningSandbox> _sandboxes = [];
    private EngineInside? _shared;

    /// <summary>The machine.</summary>
    internal NetworkNamespace Net { get; private set; } = null!;

    internal string Folder { get; private set; } = "";

    public Task InitializeAsync()
    {
        if (!Environment.IsPrivilegedProcess || Requires.Find("ip") is null)
            return Task.CompletedTask;
        Folder = Directory.CreateTempSubdirectory("tp-err-").FullName;
        File.WriteAllText(Path.Combine(Folder, "resolv.conf"), ResolvConf);
        Net = NetworkNamespace.Create("err");
        // A LAN with a gateway, an address that swallows everything, and no way out.
        Net.AddInterface("lan0", "192.0.2.2/24");
        Net.Ip("neigh add 192.0.2.99 lladdr 02:00:00:00:00:99 dev lan0");
        Net.Ip("neigh add 192.0.2.1 lladdr 02:00:00:00:00:01 dev lan0");
        Net.Ip("route add 10.64.0.0/12 via 192.0.2.1 dev lan0");
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        if (_shared is not null)
            await _shared.DisposeAsync();
        foreach (var owned in Enumerable.Reverse(_owned))
            await owned.DisposeAsync();
        Net?.Dispose();
        if (Folder.Length > 0)
            Directory.Delete(Folder, recursive: true);
    }

    /// <summary>What every test here needs.</summary>
    public static void Require(params string[] more) => Requires.All(["root", "tun", "netns", "ip", .. more]);

    /// <summary>An engine that has no session: one for all tests whose connect fails.</summary>
    internal async Task<EngineInside> EngineAsync()
    {
        if (_shared is { HasExited: true })
        {
            await _shared.DisposeAsync();
            _shared = null;
        }
        return _shared ??= await EngineInside.StartAsync(this);
    }

    /// <summary>A sandbox with these options, reachable from inside; started once.</summary>
    internal async Task<RunningSandbox> SandboxAsync(SandboxOptions options)
    {
        if (_sandboxes.TryGetValue(options, out var running))
            return running;
        var cluster = await SandboxCluster.StartAsync(options);
        _owned.Add(cluster);
        var relay = new LoopbackRelay(
            Net,
            new IPEndPoint(IPAddress.Parse(cluster.ApiServer.Host), cluster.ApiServer.Port)
        );
        _owned.Add(relay);
        return _sandboxes[options] = new RunningSandbox(cluster, $"https://{relay.EndPoint}");
    }

    /// <summary>
    /// A connect that must fail: with that error, complete, about that thing, in time, and leaving the machine as it was.
    /// </summary>
    internal async Task<TelepresenceException> FailsAsync(
        ErrorId id,
        string about,
        ConnectParameters parameters,
        EngineInside? engine = null
    )
    {
        engine ??= await EngineAsync();
        var before = State();
        var clock = Stopwatch.StartNew();
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            engine.Client.ConnectAsync(parameters, null, new CancellationTokenSource(Patience).Token)
        );
        // One that came in time but was carried late by a busy machine is not an error of the engine's.
        var asked = TimeSpan.FromSeconds(parameters.TimeoutSeconds!.Value) + TimeSpan.FromSeconds(5);
        Assert.True(clock.Elapsed < asked, $"{id} came after {clock.Elapsed}");
        Complete(error, id, about);
        Assert.Equal(before, State());
        return error;
    }

    /// <summary>Checks what every error has.</summary>
    internal static void Complete(TelepresenceException error, ErrorId id, string about)
    {
        Assert.True(error.Is(id), $"{error.Id}: {error.Message}");
        Assert.True(error.Message.Contains(about, StringComparison.Ordinal), $"'{about}' is not in: {error.Message}");
        Assert.NotEqual(TelepresenceErrorCategory.NotSpecified, error.Category);
        Assert.Matches(@"^[a-zA-Z][\w-]* ", error.RecommendedAction + " ");
        Assert.EndsWith($"#{id}", error.HelpAnchor, StringComparison.Ordinal);
    }

    /// <summary>All that a connect may change.</summary>
    internal string State() =>
        string.Join(
            '\n',
            ((string[])["route show table all", "-6 route show table all", "rule", "-6 rule", "link", "address"])
                .Select(listing => $"{listing}: {Net.Ip($"-j {listing}")}")
                .Append(File.ReadAllText(Path.Combine(Folder, "resolv.conf")))
        );

    /// <summary>A port on the machine's loopback that nothing listens on.</summary>
    internal string ClosedServer()
    {
        using var listener = LoopbackRelay.Listen(Net);
        return $"https://{listener.LocalEndPoint}";
    }

    /// <summary>Owned by the fixture.</summary>
    internal Socket Listener()
    {
        var listener = LoopbackRelay.Listen(Net);
        _owned.Add(new Owned(listener));
        return listener;
    }

    internal sealed record RunningSandbox(SandboxCluster Cluster, string Server)
    {
        /// <summary>A connect to it.</summary>
        public ConnectParameters Connect(SubnetSelection? subnets = null, double timeoutSeconds = 60) =>
            new()
            {
                Cluster = new ClusterSelection { Kubeconfig = Cluster.KubeconfigPath, Server = Server },
                Namespace = SandboxCluster.DemoNamespace,
                Subnets = subnets ?? new SubnetSelection(),
                TimeoutSeconds = timeoutSeconds,
            };
    }

    private sealed class Owned(IDisposable owned) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            owned.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
