using System.Net;
using System.Net.Sockets;
using System.Text;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Engagements.Volumes;
using Telepresence.Protocol.Manager;

namespace Telepresence.UnitTests.Engagements;

/// <summary>Environment, volumes and ports of the pod behind an engagement; the pod is this machine's loopback.</summary>
public sealed class PodAccessTests : IDisposable
{
    private static readonly TimeSpan Patience = EngagementFixture.Patience;

    private readonly string _directory = Directory.CreateTempSubdirectory("tp-pod-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_containers_environment_has_addresses_that_work_here()
    {
        await using var fixture = await EngagementFixture.StartAsync(translated: ["10.96.0.0/16"]);
        var engagement = await fixture.NewActiveAsync(
            new EngagementRequest { Workload = "web", Mounts = false },
            info =>
            {
                info.Environment["DB_URL"] = "postgres://10.96.0.7:5432/db";
                info.Environment["OTHER"] = "192.0.2.1";
                info.Environment["PATH"] = "/of/the/container";
                info.Environment["HOME"] = "/root";
                info.Environment["HOSTNAME"] = "web-1";
                info.Environment["_TEL_AGENT_NAME"] = "x";
                info.Environment["TELEPRESENCE_CONTAINER"] = "app";
            }
        );
        Assert.Matches("^postgres://246\\.0\\.\\d+\\.\\d+:5432/db$", engagement.Environment["DB_URL"]);
        Assert.Equal("192.0.2.1", engagement.Environment["OTHER"]);
        Assert.Equal("session-1:web", engagement.Environment["TELEPRESENCE_INTERCEPT_ID"]);
        Assert.Equal(
            ["DB_URL", "OTHER", "TELEPRESENCE_CONTAINER", "TELEPRESENCE_INTERCEPT_ID"],
            engagement.Environment.Keys.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_port_of_the_loopback_leads_to_a_port_of_the_pod()
    {
        await using var fixture = await EngagementFixture.StartAsync();
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        using var datagrams = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var (tcp, udp) = (Free(), Free());
        var (remoteTcp, remoteUdp) = (
            ((IPEndPoint)server.LocalEndpoint).Port,
            ((IPEndPoint)datagrams.Client.LocalEndPoint!).Port
        );
        var engagement = await fixture.NewActiveAsync(
            new EngagementRequest
            {
                Workload = "web",
                Mounts = false,
                ToPod = [$"{tcp}:{remoteTcp}", $"{udp}:{remoteUdp}/UDP"],
            }
        );
        Assert.Equal([$"{tcp}:{remoteTcp}/TCP", $"{udp}:{remoteUdp}/UDP"], engagement.ToPod);

        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, tcp).WaitAsync(Patience);
        using var accepted = await server.AcceptSocketAsync().WaitAsync(Patience);
        await client.Client.SendAsync("ping"u8.ToArray());
        client.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal("ping", await ReadAllAsync(accepted));
        await accepted.SendAsync("pong"u8.ToArray());
        accepted.Shutdown(SocketShutdown.Send);
        Assert.Equal("pong", await ReadAllAsync(client.Client));

        using var asker = new UdpClient();
        await asker.SendAsync("ask"u8.ToArray(), new IPEndPoint(IPAddress.Loopback, udp));
        var asked = await datagrams.ReceiveAsync().WaitAsync(Patience);
        Assert.Equal("ask"u8.ToArray(), asked.Buffer);
        await datagrams.SendAsync("answer"u8.ToArray(), asked.RemoteEndPoint);
        Assert.Equal("answer"u8.ToArray(), (await asker.ReceiveAsync().WaitAsync(Patience)).Buffer);

        await fixture.Set.RemoveAsync("web").WaitAsync(Patience);
        using var late = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => late.ConnectAsync(IPAddress.Loopback, tcp).WaitAsync(Patience));
        using var free = new UdpClient(new IPEndPoint(IPAddress.Loopback, udp));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_local_port_that_another_program_has_is_told_before_the_cluster_is_asked(bool toPod)
    {
        await using var fixture = await EngagementFixture.StartAsync();
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            fixture.NewAsync(
                new EngagementRequest
                {
                    Workload = "web",
                    ToPod = toPod ? [$"{port}"] : [],
                    LocalMountPort = toPod ? null : port,
                }
            )
        );
        Assert.Equal(nameof(ErrorId.LocalPortInUse), error.Id);
        Assert.Contains(toPod ? "-ToPod" : "-LocalMountPort", error.Message, StringComparison.Ordinal);
        Assert.Empty(fixture.Manager.Created);
    }

    [SkippableFact]
    public async Task Volumes_come_through_the_tunnel()
    {
        SftpServer.RequireSshfs();
        using var server = SftpServer.Start();
        await File.WriteAllTextAsync(Path.Combine(_directory, "secret"), "s3cret");
        await using var fixture = await EngagementFixture.StartAsync(VolumesOfThisMachine());
        var engagement = await fixture.NewActiveAsync(
            new EngagementRequest { Workload = "web" },
            info => Export(info, server)
        );
        Assert.Equal("", engagement.MountError);
        Assert.Equal(engagement.MountPoint, engagement.Environment["TELEPRESENCE_ROOT"]);
        Assert.False(engagement.IsMountReadOnly);
        Assert.Equal("s3cret", await File.ReadAllTextAsync(Path.Combine(engagement.MountPoint, "secret")));
        await File.WriteAllTextAsync(Path.Combine(engagement.MountPoint, "new"), "n");
        Assert.Equal("n", await File.ReadAllTextAsync(Path.Combine(_directory, "new")));
        Assert.Equal(server.Port, Assert.Single(fixture.Manager.Dialled).ConnId.Destination.Port);

        await fixture.Set.RemoveAsync("web").WaitAsync(Patience);
        Assert.False(Directory.Exists(engagement.MountPoint));
    }

    [SkippableFact]
    public async Task Volumes_are_unmounted_with_the_session()
    {
        SftpServer.RequireSshfs();
        using var server = SftpServer.Start();
        var fixture = await EngagementFixture.StartAsync(VolumesOfThisMachine());
        var engagement = await fixture.NewActiveAsync(
            new EngagementRequest { Workload = "web", MountReadOnly = true },
            info => Export(info, server)
        );
        Assert.True(engagement.IsMountReadOnly);
        Assert.ThrowsAny<Exception>(() => File.WriteAllText(Path.Combine(engagement.MountPoint, "new"), "n"));
        await fixture.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.False(Directory.Exists(engagement.MountPoint));
    }

    [SkippableFact]
    public async Task The_pods_sftp_server_is_at_a_local_port_instead_of_a_mount()
    {
        using var server = SftpServer.Start();
        await using var fixture = await EngagementFixture.StartAsync();
        var port = Free();
        var engagement = await fixture.NewActiveAsync(
            new EngagementRequest { Workload = "web", LocalMountPort = port },
            info => Export(info, server)
        );
        Assert.Equal((port, "", ""), (engagement.LocalMountPort, engagement.MountPoint, engagement.MountError));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port).WaitAsync(Patience);
        // SSH_FXP_INIT 3 is answered with SSH_FXP_VERSION.
        await client.Client.SendAsync(new byte[] { 0, 0, 0, 5, 1, 0, 0, 0, 3 });
        var answer = new byte[5];
        await client.GetStream().ReadExactlyAsync(answer).AsTask().WaitAsync(Patience);
        Assert.Equal(2, answer[4]);
    }

    [Fact]
    public async Task Where_volumes_cannot_be_mounted_everything_else_works()
    {
        await using var fixture = await EngagementFixture.StartAsync(new UnsupportedMounter("sshfs-win"));
        var engagement = await fixture.NewActiveAsync(
            new EngagementRequest { Workload = "web" },
            info =>
            {
                info.SftpPort = 1;
                info.MountPoint = "/x";
                info.Mounts["/data"] = 0;
            }
        );
        Assert.Equal(EngagementState.Active, engagement.State);
        Assert.Contains("-Mount none", engagement.MountError, StringComparison.Ordinal);
        Assert.Equal("", engagement.MountPoint);
    }

    [Fact]
    public async Task A_mount_that_was_asked_for_by_its_path_must_succeed()
    {
        await using var fixture = await EngagementFixture.StartAsync(new UnsupportedMounter("sshfs-win"));
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            fixture.NewAsync(new EngagementRequest { Workload = "web", MountPoint = "/mnt/x" })
        );
        Assert.Equal(nameof(ErrorId.PlatformNotYetSupported), error.Id);
        Assert.Empty(fixture.Manager.Created);
    }

    [Theory]
    [InlineData("", true, false)]
    [InlineData("/data=0", true, false)]
    [InlineData("/data=1", true, true)]
    [InlineData("/data=1,/etc=0", true, false)]
    [InlineData("/tmp=2", false, true)]
    [InlineData("/data=3", false, true)]
    public void Policies_say_what_is_mounted(string policies, bool isAny, bool isReadOnly)
    {
        var mounts = policies
            .Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('='))
            .ToDictionary(
                pair => pair[0],
                pair => int.Parse(pair[1], System.Globalization.CultureInfo.InvariantCulture)
            );
        var read = Telepresence.Engine.Engagements.VolumePolicies.Of(
            mounts,
            new Dictionary<string, string> { ["TELEPRESENCE_MOUNTS"] = "/data:/tmp" }
        );
        Assert.Equal((isAny, isReadOnly), (read.IsAnyRemote, read.AreAllReadOnly));
    }

    private void Export(InterceptInfo info, SftpServer server)
    {
        info.SftpPort = server.Port;
        info.MountPoint = _directory;
        info.Mounts["/data"] = 0;
    }

    private static IVolumeMounter VolumesOfThisMachine() =>
        VolumeMounterFactory.Create(TimeProvider.System, start => System.Diagnostics.Process.Start(start)!);

    private static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<string> ReadAllAsync(Socket socket)
    {
        var (text, buffer) = (new StringBuilder(), new byte[1000]);
        while (await socket.ReceiveAsync(buffer).WaitAsync(Patience) is > 0 and var length)
            text.Append(Encoding.ASCII.GetString(buffer, 0, length));
        return text.ToString();
    }
}
