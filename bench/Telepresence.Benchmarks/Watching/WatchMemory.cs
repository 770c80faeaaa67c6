using System.Diagnostics;
using System.Globalization;
using Telepresence.Engine.Session;
using Telepresence.Kubernetes;

namespace Telepresence.Benchmarks.Watching;

/// <summary>What following all pods and services of a large cluster costs a process.</summary>
internal static class WatchMemory
{
    private const int Count = 5000;
    private const int Changes = 20_000;

    public static async Task RunAsync()
    {
        using var server = Process.Start(
            new ProcessStartInfo(
                Environment.ProcessPath!,
                [
                    typeof(WatchMemory).Assembly.Location,
                    "watch-server",
                    Count.ToString(CultureInfo.InvariantCulture),
                    Changes.ToString(CultureInfo.InvariantCulture),
                ]
            )
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        var port = (await server.StandardOutput.ReadLineAsync())!;
        var folder = Directory.CreateTempSubdirectory("tp-watch-");
        try
        {
            await MeasureAsync(port, Path.Combine(folder.FullName, "config"));
        }
        finally
        {
            folder.Delete(recursive: true);
            server.StandardInput.Close();
            await server.WaitForExitAsync();
        }
    }

    private static async Task MeasureAsync(string port, string kubeconfig)
    {
        await File.WriteAllTextAsync(
            kubeconfig,
            $$"""
            apiVersion: v1
            kind: Config
            current-context: c
            contexts: [{name: c, context: {cluster: c} }]
            clusters: [{name: c, cluster: {server: "http://127.0.0.1:{{port}}"} }]
            """
        );
        using KubernetesClient client = new(
            KubernetesClientConfiguration.BuildConfig(new KubeconfigOptions { Kubeconfig = kubeconfig })
        );
        ObjectFollower follower = new(client, TimeProvider.System, Random.Shared);
        // The first call loads what every call needs, which is no cost of watching.
        await AccessRule.MissingAsync(client, [new AccessRule(null, "", "pods", "list")], CancellationToken.None);
        var before = Now();
        using CancellationTokenSource stop = new();
        var clock = Stopwatch.StartNew();
        var following = follower.RunAsync(stop.Token);
        await follower.Listed.WaitAsync(TimeSpan.FromMinutes(1));
        var listed = clock.Elapsed;
        var afterList = Now();
        // What the watch says last is the change of the last object that it touches.
        while (follower.Current.Keys.Count(address => address.GetAddressBytes()[1] is 245 or 97) < 2 * Count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
        var afterWatch = Now();
        await stop.CancelAsync();
        try
        {
            await following;
        }
        catch (OperationCanceledException)
        {
            // That was the end of it.
        }
        Console.WriteLine(
            $"{Count} pods and {Count} services, listed in {listed.TotalSeconds:0.0} s, then {2 * Changes} changes"
        );
        Console.WriteLine("| | resident, MB more | managed and reachable, MB more |");
        Console.WriteLine("| --- | ---: | ---: |");
        Write("listed", afterList, before);
        Write("after the changes", afterWatch, before);
    }

    /// <summary>Resident before, reachable after a collection: the first is what the process takes as it runs.</summary>
    private static (long Resident, long Managed) Now()
    {
        using var process = Process.GetCurrentProcess();
        return (process.WorkingSet64, GC.GetTotalMemory(forceFullCollection: true));
    }

    private static void Write(string what, (long Resident, long Managed) now, (long Resident, long Managed) before) =>
        Console.WriteLine(
            $"| {what} | {(now.Resident - before.Resident) / 1e6:0.0} | {(now.Managed - before.Managed) / 1e6:0.0} |"
        );
}
