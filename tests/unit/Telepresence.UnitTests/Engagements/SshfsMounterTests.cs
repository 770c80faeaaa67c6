using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Client.Errors;
using Telepresence.Engine.Engagements;
using Telepresence.Engine.Engagements.Volumes;
using Telepresence.Engine.NetStack;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Engagements;

/// <summary>sshfs against OpenSSH's SFTP server, which stands for the agent's.</summary>
[SupportedOSPlatform("linux")]
public sealed class SshfsMounterTests : IDisposable
{
    private static readonly TimeSpan Patience = ManagerFixture.Patience;

    private readonly string _directory = Directory.CreateTempSubdirectory("tp-volumes-").FullName;
    private readonly SshfsMounter _mounter = new(TimeProvider.System, start => Process.Start(start)!);

    private string Exported => Directory.CreateDirectory(Path.Combine(_directory, "exported")).FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [SkippableFact]
    public async Task Volumes_are_read_and_written_and_are_gone_afterwards()
    {
        SftpServer.RequireSshfs();
        using var server = SftpServer.Start();
        var secret = RandomNumberGenerator.GetBytes(3_000_000);
        await File.WriteAllBytesAsync(Path.Combine(Exported, "secret"), secret);
        Directory.CreateDirectory(Path.Combine(_directory, "elsewhere"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "elsewhere", "linked"), "through a link");
        Directory.CreateSymbolicLink(Path.Combine(Exported, "link"), Path.Combine(_directory, "elsewhere"));
        var point = _mounter.MakeMountPoint(null);
        var mounted = await _mounter.MountAsync(
            Volume(point),
            (flow, token) => CarryAsync(server, flow, token),
            default
        );

        Assert.Equal(
            Convert.ToHexString(SHA256.HashData(secret)),
            (await RunAsync("sha256sum", Path.Combine(point.Path, "secret"))).Split(' ')[0].ToUpperInvariant()
        );
        Assert.Equal("through a link", await File.ReadAllTextAsync(Path.Combine(point.Path, "link", "linked")));
        await File.WriteAllTextAsync(Path.Combine(point.Path, "new"), "written here");
        Assert.Equal("written here", await File.ReadAllTextAsync(Path.Combine(Exported, "new")));

        await mounted.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.DoesNotContain(MountTable.Read(), row => row.MountPoint == point.Path);
        point.Dispose();
        Assert.False(Directory.Exists(point.Path));
        Assert.True(File.Exists(Path.Combine(Exported, "secret")));
    }

    [SkippableFact]
    public async Task Volumes_that_are_read_only_cannot_be_written()
    {
        SftpServer.RequireSshfs();
        using var server = SftpServer.Start();
        using var point = _mounter.MakeMountPoint(Path.Combine(_directory, "here"));
        await File.WriteAllTextAsync(Path.Combine(Exported, "a"), "a");
        await using var mounted = await _mounter.MountAsync(
            Volume(point) with
            {
                IsReadOnly = true,
            },
            (flow, token) => CarryAsync(server, flow, token),
            default
        );
        Assert.Equal("a", await File.ReadAllTextAsync(Path.Combine(point.Path, "a")));
        Assert.ThrowsAny<Exception>(() => File.WriteAllText(Path.Combine(point.Path, "b"), "b"));
        Assert.False(File.Exists(Path.Combine(Exported, "b")));
    }

    [SkippableFact]
    public async Task A_server_without_the_directory_is_an_error_in_its_own_words()
    {
        SftpServer.RequireSshfs();
        using var server = SftpServer.Start();
        using var point = _mounter.MakeMountPoint(null);
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            _mounter.MountAsync(
                Volume(point) with
                {
                    RemotePath = "/does/not/exist",
                },
                (flow, token) => CarryAsync(server, flow, token),
                default
            )
        );
        Assert.Equal(nameof(ErrorId.MountFailed), error.Id);
        Assert.Contains("No such file", error.Message, StringComparison.Ordinal);
        Assert.Contains("-Mount none", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Volumes_are_mounted_anew_when_the_way_to_them_broke_and_when_the_pod_moved()
    {
        SftpServer.RequireSshfs();
        using var first = SftpServer.Start();
        using var second = SftpServer.Start();
        await File.WriteAllTextAsync(Path.Combine(Exported, "a"), "a");
        SftpServer[] servers = [first, second];
        var keeper = new VolumeKeeper(
            _mounter,
            _mounter.MakeMountPoint(null),
            Pod(first, Exported),
            isReadOnly: false,
            (target, flow, token) => CarryAsync(servers.Single(s => s.Port == target.SftpPort), flow, token),
            TimeProvider.System,
            NullLogger.Instance
        );
        var path = keeper.Path;
        await using (keeper)
        {
            await keeper.StartAsync(default).WaitAsync(Patience);
            Assert.Equal("a", await File.ReadAllTextAsync(Path.Combine(path, "a")));

            await AfterMountAsync(keeper, first.Break);
            Assert.Equal("a", await File.ReadAllTextAsync(Path.Combine(path, "a")));
            Assert.Equal(2, first.Connections);

            var other = Directory.CreateDirectory(Path.Combine(_directory, "other")).FullName;
            await File.WriteAllTextAsync(Path.Combine(other, "b"), "b");
            await AfterMountAsync(keeper, () => keeper.MoveTo(Pod(second, other)));
            Assert.Equal("b", await File.ReadAllTextAsync(Path.Combine(path, "b")));
            Assert.Equal((2, 1), (first.Connections, second.Connections));
        }
        Assert.False(Directory.Exists(path));
    }

    [SkippableFact]
    public async Task A_mount_that_a_killed_engine_left_is_removed()
    {
        SftpServer.RequireSshfs();
        using var server = SftpServer.Start();
        var point = Directory.CreateTempSubdirectory("telepresence-").FullName;
        // An owner that has ended: its number is another process's by now, or nobody's.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var left = await RunAsync(
            "sshfs",
            "-o",
            $"directport={server.Port},fsname={new MountOwner(Environment.ProcessId, 1)}",
            $"127.0.0.1:{Exported}",
            point
        );
        Assert.Contains(MountTable.Read(), row => row.MountPoint == point);

        Assert.Equal([$"volumes at {point}"], _mounter.Repair());
        Assert.DoesNotContain(MountTable.Read(), row => row.MountPoint == point);
        Assert.False(Directory.Exists(point), left);
        Assert.Empty(_mounter.Repair());
    }

    [SkippableFact]
    public async Task Mounts_of_an_engine_that_lives_are_let_be()
    {
        SftpServer.RequireSshfs();
        using var server = SftpServer.Start();
        using var point = _mounter.MakeMountPoint(null);
        await using var mounted = await _mounter.MountAsync(
            Volume(point),
            (flow, token) => CarryAsync(server, flow, token),
            default
        );
        Assert.Empty(_mounter.Repair());
        Assert.Equal(
            nameof(ErrorId.MountPointBusy),
            Assert.Throws<TelepresenceException>(() => _mounter.MakeMountPoint(point.Path)).Id
        );
    }

    [Fact]
    public void A_directory_with_something_in_it_is_no_mount_point()
    {
        File.WriteAllText(Path.Combine(_directory, "mine"), "mine");
        var error = Assert.Throws<TelepresenceException>(() => MountPoint.Make(_directory));
        Assert.Equal(nameof(ErrorId.MountPointBusy), error.Id);
        var made = MountPoint.Make(Path.Combine(_directory, "made"));
        File.WriteAllText(Path.Combine(made.Path, "kept"), "kept");
        made.Dispose();
        Assert.True(File.Exists(Path.Combine(made.Path, "kept")));
    }

    [Fact]
    public void The_mount_table_is_read_with_its_escapes()
    {
        var rows = MountTable.Parse([
            @"36 35 98:0 / /mnt/a\040b rw,noatime master:1 - fuse.sshfs telepresence-12-345 rw,user_id=1000",
            "37 35 0:1 / /proc rw - proc proc rw",
            "broken",
        ]);
        Assert.Equal([new("/mnt/a b", "fuse.sshfs", "telepresence-12-345"), new("/proc", "proc", "proc")], rows);
        Assert.Equal(new MountOwner(12, 345), MountOwner.Parse(rows[0].Source));
        Assert.Null(MountOwner.Parse("telepresence-x-1"));
        Assert.Null(MountOwner.Parse("other"));
        Assert.True(MountOwner.Self.IsAlive);
        Assert.False(new MountOwner(Environment.ProcessId, 1).IsAlive);
    }

    private VolumeMount Volume(MountPoint point) => new(point.Path, Exported, IsReadOnly: false);

    private static PodTarget Pod(SftpServer server, string exported) =>
        new()
        {
            Name = "web-1",
            Address = IPAddress.Loopback,
            Container = "app",
            SftpPort = server.Port,
            MountPoint = exported,
            Volumes = new VolumePolicies(new Dictionary<string, int> { ["/data"] = 0 }),
            Environment = new Dictionary<string, string>(),
        };

    /// <summary>Does something that ends the mount, and waits for the next one.</summary>
    private static async Task AfterMountAsync(VolumeKeeper keeper, Action end)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var back = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        void OnChanged()
        {
            if (keeper.Error.Length > 0)
                ended.TrySetResult();
            else if (ended.Task.IsCompleted)
                back.TrySetResult();
        }

        keeper.Changed += OnChanged;
        end();
        await ended.Task.WaitAsync(Patience);
        await back.Task.WaitAsync(Patience);
        keeper.Changed -= OnChanged;
    }

    /// <summary>What a tunnel does, without one.</summary>
    private static async Task CarryAsync(SftpServer server, ITcpFlow flow, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.Port, cancellationToken);
        await using var stream = new NetworkStream(socket);
        var up = UpAsync();
        var down = DownAsync();
        await await Task.WhenAny(up, down);

        async Task UpAsync()
        {
            while (await flow.ReadAsync(cancellationToken) is { IsEmpty: false } data)
            {
                await stream.WriteAsync(data, cancellationToken);
                flow.AdvanceRead(data.Length);
            }
        }

        async Task DownAsync()
        {
            while (true)
            {
                var memory = await flow.GetWriteMemoryAsync(cancellationToken);
                var read = await stream.ReadAsync(memory, cancellationToken);
                if (read == 0)
                    return;
                flow.AdvanceWrite(read);
            }
        }
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        var output = await process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, error);
        return output;
    }
}
