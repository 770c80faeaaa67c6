using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Telepresence.Client.Contract;
using Telepresence.Client.Launch;

namespace Telepresence.E2ETests.Host;

/// <summary>Real engine processes: who they run as, what they hold, whom they answer, how they end.</summary>
[SupportedOSPlatform("linux")]
public sealed class EngineProcessTests : IDisposable
{
    private const uint User = 65534;

    // Not one of a version manager in root's home, which the user could not run.
    private const string Python = "/usr/bin/python3";
    private const ulong NetAdminOnly = 1UL << 12;

    // Hello as any program could say it.
    private const string Hello = """
        import json, socket, struct, sys
        s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
        m = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "engine.hello", "params": {"clientVersion": "0", "contractVersion": 1}}).encode()
        try:
            s.sendall(struct.pack(">I", len(m)) + m)
            head = s.recv(4, socket.MSG_WAITALL)
            print(s.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL).decode() if len(head) == 4 else "closed")
        except (BrokenPipeError, ConnectionResetError):
            print("closed")
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("tp-host-").FullName;
    private readonly List<int> _engines = [];

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromMinutes(3)).Token;

    public void Dispose()
    {
        foreach (var pid in _engines)
        {
            try
            {
                using var process = Process.GetProcessById(pid);
                process.Kill();
                process.WaitForExit();
            }
            catch (ArgumentException)
            {
                continue;
            }
        }
        Directory.Delete(_folder, recursive: true);
    }

    [SkippableFact]
    public async Task The_launcher_leaves_an_engine_of_the_user_with_CAP_NET_ADMIN_alone()
    {
        Requires.All("root", "tun", "setpriv");
        Skip.IfNot(File.Exists(Python), $"needs {Python}");
        var directory = DirectoryOfUser();
        var hosting = EngineHosting.Locate();
        var launched = await RunAsync(
            hosting.FileName,
            [.. hosting.Arguments(await EngineForUserAsync(), LaunchArguments(directory))]
        );
        Assert.Equal((EngineArguments.Ready, 0), (launched.Output, launched.ExitCode));
        var pid = await PidAsync(directory);

        var status = await StatusAsync(pid);
        Assert.Equal($"{User} {User} {User} {User}", status["Uid"]);
        Assert.Equal($"{User} {User} {User} {User}", status["Gid"]);
        Assert.Equal($"{User}", status["Groups"]);
        Assert.Equal(NetAdminOnly, Convert.ToUInt64(status["CapEff"], 16));
        Assert.Equal(NetAdminOnly, Convert.ToUInt64(status["CapPrm"], 16));
        // Every thread of it, not only the first.
        foreach (var thread in Directory.GetDirectories($"/proc/{pid}/task"))
        {
            var line = (await File.ReadAllLinesAsync(Path.Combine(thread, "status"))).First(l =>
                l.StartsWith("CapEff")
            );
            Assert.Equal(NetAdminOnly, Convert.ToUInt64(line[7..].Trim(), 16));
        }
        // Where the device is root's alone, the engine got it open; where it is everybody's, it needs nothing.
        var open = Directory.GetFiles($"/proc/{pid}/fd").Count(fd => new FileInfo(fd).LinkTarget == "/dev/net/tun");
        var isOpenToAll = (File.GetUnixFileMode("/dev/net/tun") & UnixFileMode.OtherWrite) != 0;
        Assert.Equal(isOpenToAll ? 0 : 64, open);
        // Detached: a session of its own, no terminal.
        var stat = (await File.ReadAllTextAsync($"/proc/{pid}/stat")).Split(") ")[1].Split(' ');
        Assert.Equal($"{pid}", stat[3]);
        Assert.Equal("0", stat[4]);

        // Its user is answered, root is not.
        var socket = new EngineEndpoint(directory, EngineRole.Network).SocketPath;
        var own = await RunAsync(
            "setpriv",
            $"--reuid={User}",
            $"--regid={User}",
            "--clear-groups",
            Python,
            "-c",
            Hello,
            socket
        );
        Assert.Contains($"\"processId\":{pid}", own.Output, StringComparison.Ordinal);
        var root = await RunAsync(Python, "-c", Hello, socket);
        Assert.Equal("closed", root.Output);

        await EndAsync(pid);
        Assert.False(File.Exists(socket));
    }

    [SkippableFact]
    public async Task Two_launchers_at_once_get_the_same_engine()
    {
        Requires.All("root");
        var directory = Path.Combine(_folder, "run");
        EngineLaunchOptions options = new() { Directory = directory };
        var connections = await Task.WhenAll(
            Enumerable
                .Range(0, 3)
                .Select(_ => EngineLauncher.ConnectOrStartAsync(EngineRole.Network, options, null, Deadline))
        );
        HashSet<int> pids = [];
        foreach (var connection in connections)
        {
            var hello = await connection.InvokeAsync<HelloParameters, HelloResult>(
                EngineMethods.Hello,
                new HelloParameters("0", EngineMethods.ContractVersion),
                Deadline
            );
            Assert.Equal(EngineRole.Network, hello.Role);
            pids.Add(hello.ProcessId);
            await connection.DisposeAsync();
        }
        var pid = Assert.Single(pids);
        Assert.Equal(pid, await PidAsync(directory));
        await EndAsync(pid);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    public async Task A_signal_ends_it_cleanly_and_after_a_kill_the_next_one_starts(string signal)
    {
        var directory = Path.Combine(_folder, "run");
        EngineLaunchOptions options = new() { Directory = directory };
        var socket = new EngineEndpoint(directory, EngineRole.User).SocketPath;

        await (await EngineLauncher.ConnectOrStartAsync(EngineRole.User, options, null, Deadline)).DisposeAsync();
        var killed = await PidAsync(directory, "user");
        await EndAsync(killed, "KILL");
        Assert.True(File.Exists(socket));

        await (await EngineLauncher.ConnectOrStartAsync(EngineRole.User, options, null, Deadline)).DisposeAsync();
        var pid = await PidAsync(directory, "user");
        Assert.NotEqual(killed, pid);
        await EndAsync(pid, signal);
        Assert.False(File.Exists(socket));
        Assert.Null(await EngineLauncher.TryConnectAsync(EngineRole.User, options, Deadline));
    }

    [SkippableFact]
    public async Task Pwsh_hosts_the_engine_where_there_is_no_dotnet()
    {
        Requires.All("pwsh");
        var directory = Path.Combine(_folder, "run");
        EngineLaunchOptions options = new()
        {
            Directory = directory,
            Hosting = new EngineHosting(Requires.Find("pwsh")!, IsPwsh: true),
        };
        await using (
            var connection = await EngineLauncher.ConnectOrStartAsync(EngineRole.User, options, null, Deadline)
        )
        {
            Assert.False(connection.Completion.IsCompleted);
        }
        await EndAsync(await PidAsync(directory, "user"));
    }

    [SkippableFact]
    public async Task Sudo_starts_it_for_the_user_and_its_refusal_is_told_in_its_own_words()
    {
        Requires.All("root", "tun", "sudo", "pwsh", "unshare", "setpriv");
        var directory = DirectoryOfUser();
        var engine = await EngineForUserAsync();
        var client = Path.Combine(Path.GetDirectoryName(engine)!, "Telepresence.Client.dll");
        var script = Path.Combine(_folder, "connect.ps1");
        await File.WriteAllTextAsync(
            script,
            $$"""
            Add-Type -Path '{{client}}'
            try {
                $options = [Telepresence.Client.Launch.EngineLaunchOptions]::new()
                $connection = [Telepresence.Client.Launch.EngineLauncher]::ConnectOrStartAsync('Network', $options, $null, [Threading.CancellationToken]::None).GetAwaiter().GetResult()
                'connected'
            } catch { $e = $_.Exception; while ($e.InnerException) { $e = $e.InnerException }; "$($e.Id): $($e.Message)" }
            """
        );
        var granted = await ConnectAsync($"#{User} ALL=(root) NOPASSWD: ALL");
        Assert.Equal("connected", granted.Output);
        var pid = await PidAsync(directory);
        Assert.Equal(NetAdminOnly, Convert.ToUInt64((await StatusAsync(pid))["CapEff"], 16));
        Assert.Empty(Directory.GetFiles(directory, "environment-*"));
        // What sudo reset came by file: the log is in the user's own cache.
        Assert.True(File.Exists(Path.Combine(_folder, "home", ".cache", "telepresence", "logs", "engine.log")));
        await EndAsync(pid);

        var refused = await ConnectAsync("# nobody may");
        Assert.StartsWith("ElevationRefused", refused.Output, StringComparison.Ordinal);
        Assert.Contains("sudo:", refused.Output, StringComparison.Ordinal);

        // Private mounts: the machine's own /etc/sudoers.d is not touched.
        async Task<Ran> ConnectAsync(string rule)
        {
            var sudoers = Directory.CreateDirectory(Path.Combine(_folder, "sudoers.d")).FullName;
            await File.WriteAllTextAsync(Path.Combine(sudoers, "telepresence"), rule + "\n");
            File.SetUnixFileMode(Path.Combine(sudoers, "telepresence"), UnixFileMode.UserRead | UnixFileMode.GroupRead);
            var home = Directory.CreateDirectory(Path.Combine(_folder, "home")).FullName;
            Own(home);
            File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
            var command =
                $"mount --bind '{sudoers}' /etc/sudoers.d && exec setpriv --reuid={User} --regid={User} --clear-groups "
                + $"env HOME='{home}' {RuntimeDirectory.OverrideVariable}='{directory}' "
                + $"{EngineFiles.OverrideVariable}='{engine}' pwsh -NoProfile -File '{script}'";
            return await RunAsync("unshare", "--mount", "sh", "-c", command);
        }
    }

    [SkippableFact]
    public async Task Under_no_new_privileges_the_error_says_so()
    {
        Requires.All("root", "tun", "pwsh", "setpriv");
        var directory = DirectoryOfUser();
        var home = Directory.CreateDirectory(Path.Combine(_folder, "home")).FullName;
        Own(home);
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        var engine = await EngineForUserAsync();
        var client = Path.Combine(Path.GetDirectoryName(engine)!, "Telepresence.Client.dll");
        var script =
            $"Add-Type -Path '{client}'; "
            + "try { [void][Telepresence.Client.Launch.EngineLauncher]::ConnectOrStartAsync('Network', $null, $null, [Threading.CancellationToken]::None).GetAwaiter().GetResult() } "
            + "catch { $e = $_.Exception; while ($e.InnerException) { $e = $e.InnerException }; \"$($e.Id): $($e.Message)\" }";
        var ran = await RunAsync(
            "setpriv",
            $"--reuid={User}",
            $"--regid={User}",
            "--clear-groups",
            "--no-new-privs",
            "env",
            $"HOME={home}",
            $"{RuntimeDirectory.OverrideVariable}={directory}",
            $"{EngineFiles.OverrideVariable}={engine}",
            "pwsh",
            "-NoProfile",
            "-Command",
            script
        );
        Assert.StartsWith("ElevationRefused", ran.Output, StringComparison.Ordinal);
        Assert.Contains("no new privileges", ran.Output, StringComparison.Ordinal);
    }

    private string DirectoryOfUser()
    {
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        var directory = RuntimeDirectory.Ensure(Path.Combine(_folder, "run"));
        Own(directory);
        return directory;
    }

    /// <summary>A copy that an ordinary user can read, wherever this source tree lies.</summary>
    private async Task<string> EngineForUserAsync()
    {
        var assembly = EngineFiles.Locate();
        var copy = Path.Combine(_folder, "engine");
        var copied = await RunAsync("cp", "-r", Path.GetDirectoryName(assembly)!, copy);
        Assert.Equal(0, copied.ExitCode);
        await RunAsync("chmod", "-R", "a+rX", copy);
        var dotnet = EngineHosting.Locate().FileName;
        var reachable = await RunAsync("setpriv", $"--reuid={User}", "--clear-groups", "test", "-x", dotnet);
        Skip.IfNot(reachable.ExitCode == 0, $"{dotnet} is not reachable for an ordinary user");
        return Path.Combine(copy, Path.GetFileName(assembly));
    }

    private static void Own(string path) => Assert.Equal(0, chown(path, User, User));

    private static string[] LaunchArguments(string directory) =>
        [
            .. new EngineArguments
            {
                IsLaunch = true,
                Directory = directory,
                User = User,
                Group = User,
                Groups = [User],
            }.ToArguments(),
        ];

    private static async Task<Dictionary<string, string>> StatusAsync(int pid) =>
        (await File.ReadAllLinesAsync($"/proc/{pid}/status"))
            .Select(line => line.Split(':', 2))
            .ToDictionary(
                pair => pair[0],
                pair => string.Join(' ', pair[1].Split('\t', StringSplitOptions.RemoveEmptyEntries)).Trim()
            );

    private async Task<int> PidAsync(string directory, string engine = "engine")
    {
        // .NET asks for a lock on whatever it opens, and this file the engine has locked.
        var read = await RunAsync("cat", Path.Combine(directory, engine + ".lock"));
        var pid = int.Parse(read.Output);
        _engines.Add(pid);
        return pid;
    }

    private static async Task EndAsync(int pid, string signal = "TERM")
    {
        using var process = Process.GetProcessById(pid);
        var sent = await RunAsync("kill", $"-{signal}", $"{pid}");
        Assert.Equal(0, sent.ExitCode);
        await process.WaitForExitAsync(Deadline);
    }

    private static async Task<Ran> RunAsync(string program, params string[] arguments)
    {
        ProcessStartInfo start = new(Requires.Find(program) ?? program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(Deadline);
        var output = await process.StandardOutput.ReadToEndAsync(Deadline);
        await process.WaitForExitAsync(Deadline);
        return new Ran(process.ExitCode, output.Trim(), await errors);
    }

    private sealed record Ran(int ExitCode, string Output, string Errors);

    [DllImport("libc", SetLastError = true)]
    private static extern int chown([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint user, uint group);
}
