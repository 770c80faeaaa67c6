using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Client.Errors;
using Telepresence.Engine.Dns;

namespace Telepresence.UnitTests.Dns.Resolved;

/// <summary>Against Debian's dbus-daemon on a private socket, with python3-dbus decoding what we marshal.</summary>
public sealed class ResolvedPlumbingTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly DnsLink Link = new(
        7,
        IPAddress.Parse("246.0.0.2"),
        ["tel2-search", "default"],
        ["default", "svc", "cluster.local"]
    );

    private readonly string _directory = Directory.CreateTempSubdirectory("tp-bus").FullName;
    private readonly List<Process> _processes = [];

    private string Address => $"unix:path={_directory}/bus";

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
        Directory.Delete(_directory, recursive: true);
    }

    [SkippableTheory]
    [InlineData("new")]
    [InlineData("old")]
    public async Task A_link_gets_its_server_and_domains_and_loses_them_again(string age)
    {
        await StartBusAsync();
        var service = await StartResolvedAsync(age);
        var plumbing = await ChooseAsync();
        Assert.Equal("systemd-resolved", plumbing.Strategy);
        Assert.Equal(["192.0.2.53:53"], plumbing.Upstream.EndPoints.Select(server => server.ToString()));

        await plumbing.ApplyAsync(Link with { Server = IPAddress.Parse("fd00::2") }, CancellationToken.None);
        await plumbing.ApplyAsync(Link, CancellationToken.None);
        await plumbing.ClearAsync(7, CancellationToken.None);
        await plumbing.ClearAsync(8, CancellationToken.None);

        string[] domains =
        [
            """["SetLinkDomains", 7, [["tel2-search", false], ["default", false], ["svc", true], ["cluster.local", true]]]""",
            .. age == "new" ? new[] { """["SetLinkDefaultRoute", 7, false]""" } : [],
            """["FlushCaches"]""",
        ];
        string[] expected =
        [
            """["SetLinkDNS", 7, [[10, [253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]]]]""",
            .. domains,
            """["SetLinkDNS", 7, [[2, [246, 0, 0, 2]]]]""",
            .. domains,
            """["RevertLink", 7]""",
            """["FlushCaches"]""",
            """["RevertLink", 8]""",
            """["FlushCaches"]""",
        ];
        foreach (var line in expected)
            Assert.Equal(line, await service.StandardOutput.ReadLineAsync().WaitAsync(Deadline));
    }

    [SkippableFact]
    public async Task Without_the_service_the_file_is_changed_instead()
    {
        await StartBusAsync();

        var plumbing = await ChooseAsync();

        Assert.Equal("resolv.conf", plumbing.Strategy);
        Assert.Contains("nobody owns org.freedesktop.resolve1", plumbing.Reason, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_service_that_ends_is_a_typed_error()
    {
        await StartBusAsync();
        var service = await StartResolvedAsync("new");
        var plumbing = await ChooseAsync();
        service.Kill();
        await service.WaitForExitAsync().WaitAsync(Deadline);

        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            plumbing.ApplyAsync(Link, CancellationToken.None)
        );

        Assert.True(error.Is(ErrorId.DnsUnavailable));
    }

    [Fact]
    public async Task Without_a_bus_the_file_is_changed_instead()
    {
        var plumbing = await ChooseAsync();

        Assert.Equal("resolv.conf", plumbing.Strategy);
        Assert.Contains("the system bus cannot be used", plumbing.Reason, StringComparison.Ordinal);
    }

    private Task<IDnsPlumbing> ChooseAsync()
    {
        var conf = Path.Combine(_directory, "resolv.conf");
        var resolved = Directory.CreateDirectory(Path.Combine(_directory, "resolve")).FullName;
        File.WriteAllText(conf, "nameserver 127.0.0.53\n");
        File.WriteAllText(Path.Combine(resolved, "resolv.conf"), "nameserver 192.0.2.53\n");
        var environment = new DnsEnvironment
        {
            ResolvConfPath = conf,
            ResolvedDirectory = resolved,
            BusAddress = Address,
            UserId = geteuid(),
            LocalAddresses = [],
        };
        return DnsPlumbing.ChooseAsync(environment, NullLogger.Instance, CancellationToken.None);
    }

    private async Task StartBusAsync()
    {
        Skip.IfNot(Succeeds("dbus-daemon", "--version"), "no dbus-daemon");
        Skip.IfNot(Succeeds("/usr/bin/python3", "-c", "import dbus, gi"), "no python3-dbus and python3-gi");
        var bus = Start("dbus-daemon", "--session", "--nofork", "--print-address=1", $"--address={Address}");
        Assert.NotNull(await bus.StandardOutput.ReadLineAsync().WaitAsync(Deadline));
    }

    private async Task<Process> StartResolvedAsync(string age, [CallerFilePath] string here = "")
    {
        var script = Path.Combine(Path.GetDirectoryName(here)!, "resolved.py");
        var service = Start("/usr/bin/python3", script, Address, age);
        Assert.Equal("""["ready"]""", await service.StandardOutput.ReadLineAsync().WaitAsync(Deadline));
        return service;
    }

    private Process Start(string file, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true })!;
        _processes.Add(process);
        return process;
    }

    private static bool Succeeds(string file, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
            )!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    [System.Runtime.InteropServices.DllImport("libc")]
    private static extern uint geteuid();
}
