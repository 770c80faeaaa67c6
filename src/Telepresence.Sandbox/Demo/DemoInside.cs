using System.Diagnostics;
using System.Runtime.Versioning;
using Telepresence.Sandbox.Demo.Driving;
using Telepresence.Sandbox.Demo.Isolation;
using Telepresence.Sandbox.Demo.Report;
using Telepresence.Sandbox.Demo.Vpn;

namespace Telepresence.Sandbox.Demo;

/// <summary>The demo proper, once it is inside its namespaces.</summary>
[SupportedOSPlatform("linux")]
internal static class DemoInside
{
    /// <summary>Builds the scene, runs the steps, takes it down.</summary>
    /// <returns>True when every step held.</returns>
    /// <exception cref="DemoException">The scene could not be built.</exception>
    public static async Task<bool> RunAsync(
        DemoOptions options,
        IDemoReport report,
        CancellationToken cancellationToken
    )
    {
        var clock = Stopwatch.StartNew();
        PrivateFiles.Mount($"nameserver {VpnPlan.Gateway}\noptions timeout:3 attempts:2\n");
        await using var vpn = DemoVpn.Start();
        var cluster = await DemoCluster
            .StartAsync(Path.Combine(PrivateFiles.Root, "cluster"), cancellationToken)
            .ConfigureAwait(false);
        // For kubectl and the module, which look here as a user's would.
        Environment.SetEnvironmentVariable("KUBECONFIG", cluster.Kubeconfig);
        IDemoDriver driver = options.Pwsh ? new PwshDriver() : new EngineDriver(cluster);
        bool held;
        await using (var stage = new DemoStage(cluster, driver))
        {
            report.Open(options);
            held = await new DemoRunner(DemoSteps.Create(), report)
                .RunAsync(stage, options.Break, cancellationToken)
                .ConfigureAwait(false);
        }
        report.Close(clock.Elapsed);
        return held;
    }
}
