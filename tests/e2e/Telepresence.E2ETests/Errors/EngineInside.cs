using System.Diagnostics;
using System.Runtime.InteropServices;
using Telepresence.Client;
using Telepresence.Client.Contract;
using Telepresence.Client.Launch;

namespace Telepresence.E2ETests.Errors;

/// <summary>The product's engine as a process on the fixture's machine, and a client on its socket.</summary>
internal sealed partial class EngineInside : IAsyncDisposable
{
    private const int SIGTERM = 15;

    private readonly Process _process;

    private EngineInside(Process process, EngineClient client)
    {
        _process = process;
        Client = client;
    }

    public EngineClient Client { get; }

    public bool HasExited => _process.HasExited;

    public int Id => _process.Id;

    /// <param name="fixture">The machine.</param>
    /// <param name="mounts">More commands of sh in its mount namespace, before it starts.</param>
    public static async Task<EngineInside> StartAsync(ErrorsFixture fixture, string mounts = "true")
    {
        var directory = Directory.CreateDirectory(
            Path.Combine(fixture.Folder, Guid.NewGuid().ToString("N")[..8]),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );
        string[] command =
        [
            "dotnet",
            EngineFiles.Locate(),
            .. new EngineArguments { Directory = directory.FullName, Foreground = true }.ToArguments(),
        ];
        // ip(8) has given it a mount namespace of its own, and sh replaces itself.
        var script =
            $"mount --bind '{Path.Combine(fixture.Folder, "resolv.conf")}' \"$(readlink -f /etc/resolv.conf)\" && {mounts}"
            + $" && export HOME='{directory.FullName}' XDG_CACHE_HOME='{directory.FullName}/cache'"
            + " XDG_CONFIG_HOME=$HOME/config XDG_STATE_HOME=$HOME/state && exec \"$@\"";
        var process = fixture.Net.Start("sh", ["-c", script, "sh", .. command]);
        var errors = process.StandardError.ReadToEndAsync();
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync().WaitAsync(ErrorsFixture.Patience);
            if (line is null)
                Assert.Fail($"the engine ended: {await errors}");
        } while (line != EngineArguments.Ready);
        var notifications = new EngineNotifications();
        var connection = await EngineLauncher.TryConnectAsync(
            EngineRole.Network,
            new EngineLaunchOptions { Directory = directory.FullName, Methods = notifications.Methods },
            new CancellationTokenSource(ErrorsFixture.Patience).Token
        );
        Assert.NotNull(connection);
        return new EngineInside(process, new EngineClient(connection, notifications));
    }

    /// <summary>Ends it as an administrator would, and waits.</summary>
    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        if (!_process.HasExited)
            _ = kill(_process.Id, SIGTERM);
        await _process.WaitForExitAsync(new CancellationTokenSource(ErrorsFixture.Patience).Token);
        _process.Dispose();
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
