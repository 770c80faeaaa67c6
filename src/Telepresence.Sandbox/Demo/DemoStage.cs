using System.Net;
using Telepresence.Client.Objects;
using Telepresence.Sandbox.Demo.Driving;

namespace Telepresence.Sandbox.Demo;

/// <summary>What the steps share: the cluster, the engine's driver, what was found out so far, and the evidence.</summary>
internal sealed class DemoStage(DemoCluster cluster, IDemoDriver driver) : IAsyncDisposable
{
    private readonly List<Evidence> _evidence = [];
    private readonly Dictionary<string, IPAddress> _addresses = [];
    private TelepresenceSession? _session;
    private MachineState? _before;

    /// <summary>The embedded cluster.</summary>
    public DemoCluster Cluster { get; } = cluster;

    /// <summary>Tells the engine what to do.</summary>
    public IDemoDriver Driver { get; } = driver;

    /// <summary>Network state before the engine touched it.</summary>
    public MachineState Before
    {
        get => _before ?? throw new InvalidOperationException("The state before was not recorded.");
        set => _before = value;
    }

    /// <summary>Way to the web service's real address before connecting.</summary>
    public RouteLookUp? RealBefore { get; set; }

    /// <summary>Way to the addresses that will be the virtual ones, before connecting.</summary>
    public RouteLookUp? VirtualBefore { get; set; }

    /// <summary>The session, once connected.</summary>
    public TelepresenceSession Session
    {
        get => _session ?? throw new InvalidOperationException("There is no session.");
        set => _session = value;
    }

    /// <summary>Null until connected.</summary>
    public int? EngineProcessId => _session?.EngineProcessId;

    /// <summary>Runs a program that is not ours and keeps what it said as evidence.</summary>
    public async Task<Observation> WitnessAsync(
        string name,
        IReadOnlyList<string> arguments,
        CancellationToken cancellationToken,
        TimeSpan? timeout = null
    )
    {
        var seen = await ForeignProgram.RunAsync(name, arguments, timeout, cancellationToken).ConfigureAwait(false);
        Show(seen);
        return seen;
    }

    /// <summary>Keeps an observation as evidence.</summary>
    public void Show(Observation seen) => _evidence.Add(new Evidence(seen.CommandLine, seen.Status, seen.FirstLine));

    /// <summary>Keeps a remark of our own, told apart from what programs said.</summary>
    public void Note(string remark) => _evidence.Add(new Evidence(null, null, remark));

    /// <summary>Hands over what was gathered since the last call.</summary>
    public IReadOnlyList<Evidence> TakeEvidence()
    {
        Evidence[] taken = [.. _evidence];
        _evidence.Clear();
        return taken;
    }

    /// <summary>The address a name has for the programs of this machine, as the system's resolver says.</summary>
    public async Task<IPAddress> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (!_addresses.TryGetValue(host, out var address))
        {
            var seen = await SystemResolver.LookUpAsync(host, cancellationToken).ConfigureAwait(false);
            address = SystemResolver.AddressIn(seen) ?? throw new VerdictException($"{host} has no address");
            _addresses[host] = address;
        }
        return address;
    }

    /// <summary>Runs <c>ip</c> to damage something, quietly.</summary>
    /// <exception cref="InvalidOperationException">The damage could not be done, so the step would prove nothing.</exception>
    public static async Task SabotageAsync(string arguments, CancellationToken cancellationToken)
    {
        var done = await ForeignProgram
            .RunAsync("ip", arguments.Split(' '), cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        if (!done.Succeeded)
        {
            throw new InvalidOperationException($"`{done.CommandLine}`: {done.FirstLine}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Driver.DisposeAsync().ConfigureAwait(false);
        await Cluster.DisposeAsync().ConfigureAwait(false);
    }
}
