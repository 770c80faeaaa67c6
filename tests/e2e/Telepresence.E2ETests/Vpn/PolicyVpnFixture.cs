using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Vpn;

/// <summary>
/// A workstation with Tailscale and one with WireGuard, each with an office behind it and a cluster. Each is built by the
/// first test that asks, since a fixture's own constructor cannot skip.
/// </summary>
public sealed class PolicyVpnFixture : IAsyncLifetime
{
    /// <summary>Collides with Tailscale's 100.64.0.0/10.</summary>
    public const string TailscaleServices = "100.96.0.0/16";

    /// <summary>Part of the office's network, which only a default route leads to.</summary>
    public const string WireGuardServices = "10.20.96.0/20";

    public const string Pods = "172.30.0.0/16";

    /// <summary>A host of the office whose address is one of the cluster's too.</summary>
    public const string Colliding = "100.96.9.9";

    /// <summary>A host of the office.</summary>
    public const string Elsewhere = "100.70.0.7";

    private readonly Lazy<Task<Workstation>> _tailscale;
    private readonly Lazy<Task<Workstation>> _wireGuard;
    private readonly Dictionary<Workstation, SandboxProcess> _clusters = [];

    public PolicyVpnFixture()
    {
        _tailscale = new(() => BuildAsync(PolicyVpn.AddTailscale, Office.MagicNameServer, TailscaleServices));
        _wireGuard = new(() => BuildAsync(PolicyVpn.AddWireGuard, Office.NameServer, WireGuardServices));
    }

    /// <summary>Skips the calling test where something is missing.</summary>
    internal Task<Workstation> TailscaleAsync() => RequiredAsync(_tailscale);

    /// <inheritdoc cref="TailscaleAsync"/>
    internal Task<Workstation> WireGuardAsync() => RequiredAsync(_wireGuard);

    internal SandboxProcess Cluster(Workstation workstation) => _clusters[workstation];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var built in new[] { _tailscale, _wireGuard }.Where(b => b.IsValueCreated))
            await (await built.Value).DisposeAsync();
    }

    private static Task<Workstation> RequiredAsync(Lazy<Task<Workstation>> workstation)
    {
        Workstation.RequireTools("dnsmasq");
        return workstation.Value;
    }

    private async Task<Workstation> BuildAsync(Action<Workstation, Office> addVpn, string nameServer, string services)
    {
        var workstation = await Workstation.StartAsync($"nameserver {nameServer}\noptions timeout:5 attempts:2\n");
        addVpn(workstation, await Office.StartAsync(workstation, Colliding, Elsewhere));
        _clusters[workstation] = await SandboxProcess.StartAsync(
            workstation,
            "--service-subnet",
            services,
            "--pod-subnet",
            Pods
        );
        return workstation;
    }
}
