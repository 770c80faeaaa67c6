using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.Engagements;

/// <summary>A container's environment and volumes on the workstation.</summary>
[Collection(OneAfterAnother.Name)]
public sealed class PodTests(EngagedFixture fixture) : IClassFixture<EngagedFixture>
{
    private const string Token = "var/run/secrets/orders/token";

    private Workstation Workstation => fixture.Workstation;

    [SkippableFact]
    public async Task An_ingest_brings_a_secret_that_is_the_pods_and_cannot_be_written()
    {
        RequireVolumes();
        await using var session = await fixture.ConnectAsync();
        var engagement = await session.NewAsync(
            new EngagementRequest { Kind = EngagementKind.Ingest, Workload = "orders" }
        );
        Assert.Equal(("", true), (engagement.MountError, engagement.IsMountReadOnly));
        Assert.Equal(engagement.MountPoint, engagement.Environment["TELEPRESENCE_ROOT"]);
        Assert.Equal("good day", engagement.Environment["ORDERS_GREETING"]);
        Assert.DoesNotContain("PATH", engagement.Environment.Keys);

        var here = session.RunWithMounts("sha256sum", Path.Combine(engagement.MountPoint, Token)).Require();
        var there = Workstation.Run("sha256sum", fixture.SandboxFile(Token)).Require();
        Assert.Equal(there.Split(' ')[0], here.Split(' ')[0]);
        Assert.NotEqual(0, session.RunWithMounts("touch", Path.Combine(engagement.MountPoint, "data/x")).ExitCode);

        await session.RemoveAsync(engagement.Name);
        Assert.NotEqual(0, session.RunWithMounts("test", "-e", engagement.MountPoint).ExitCode);
    }

    [SkippableFact]
    public async Task What_is_written_through_an_intercepts_mount_is_in_the_pods_volume()
    {
        RequireVolumes();
        await using var session = await fixture.ConnectAsync();
        var engagement = await session.NewAsync(
            new EngagementRequest { Workload = "orders", Ports = [$"{fixture.NewPort()}:http"] }
        );
        Assert.Equal(("", false), (engagement.MountError, engagement.IsMountReadOnly));
        var file = Path.Combine(engagement.MountPoint, "data/written");
        session.RunWithMounts("sh", "-c", $"printf 'from here' > '{file}'").Require();
        Assert.Equal("from here", await File.ReadAllTextAsync(fixture.SandboxFile("data/written")));
    }

    [SkippableFact]
    public async Task Addresses_of_the_environment_lead_into_the_cluster_also_where_they_are_translated()
    {
        await using var session = await fixture.ConnectAsync("all");
        var engagement = await session.NewAsync(
            new EngagementRequest
            {
                Kind = EngagementKind.Ingest,
                Workload = "orders",
                Mounts = false,
            }
        );
        var database = new Uri(engagement.Environment["DATABASE_URL"]);
        Assert.True(IPNetwork.Parse(session.Session.VirtualSubnet).Contains(IPAddress.Parse(database.Host)));
        Assert.Equal("hello", Workstation.RunPython(LocalPrograms.Echo, $"{database.Host}:{database.Port}"));
        var web = engagement
            .Environment["UPSTREAMS"]
            .Split(',')
            .First(a => a.EndsWith(":80", StringComparison.Ordinal));
        Assert.Contains(fixture.Sandbox.PageToken, Workstation.Curl($"http://{web}/"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_port_here_leads_to_the_pod()
    {
        await using var session = await fixture.ConnectAsync();
        var port = fixture.NewPort();
        await session.NewAsync(
            new EngagementRequest
            {
                Kind = EngagementKind.Ingest,
                Workload = "orders",
                Mounts = false,
                ToPod = [$"{port}:8080"],
            }
        );
        Assert.NotEmpty(Workstation.Curl($"http://127.0.0.1:{port}/"));
        await session.RemoveAsync("orders");
        Assert.NotEqual(0, Workstation.Run("curl", "-sS", $"http://127.0.0.1:{port}/").ExitCode);
    }

    [SkippableFact]
    public async Task Disconnecting_unmounts()
    {
        RequireVolumes();
        var session = await fixture.ConnectAsync();
        var engagement = await session.NewAsync(
            new EngagementRequest { Kind = EngagementKind.Ingest, Workload = "orders" }
        );
        var process = Assert.Single(Sshfs(engagement.MountPoint));
        await session.DisposeAsync();
        Assert.False(Directory.Exists($"/proc/{process}"));
        Assert.False(Directory.Exists(engagement.MountPoint));
    }

    [SkippableFact]
    public async Task Nothing_of_a_killed_engines_mount_is_left()
    {
        RequireVolumes();
        var session = await fixture.ConnectAsync();
        var engagement = await session.NewAsync(
            new EngagementRequest { Kind = EngagementKind.Ingest, Workload = "orders" }
        );
        var process = Assert.Single(Sshfs(engagement.MountPoint));
        await session.Engine.EndAsync("KILL");
        // Its streams ended with the engine.
        using var bound = new CancellationTokenSource(ChildProcess.Deadline);
        while (Directory.Exists($"/proc/{process}"))
            await Task.Delay(20, bound.Token);
        Directory.Delete(engagement.MountPoint);
    }

    private static void RequireVolumes()
    {
        Requires.All("root", "sshfs", "fusermount3", "nsenter");
        Skip.IfNot(File.Exists("/dev/fuse"), "needs /dev/fuse");
        Skip.IfNot(File.Exists("/usr/lib/openssh/sftp-server"), "needs openssh-sftp-server");
    }

    /// <summary>Processes that have mounted something there.</summary>
    private static IEnumerable<string> Sshfs(string mountPoint) =>
        Directory
            .GetDirectories("/proc")
            .Select(path => Path.GetFileName(path)!)
            .Where(name =>
                name.All(char.IsAsciiDigit) && CommandLine(name).Contains(mountPoint, StringComparison.Ordinal)
            );

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
