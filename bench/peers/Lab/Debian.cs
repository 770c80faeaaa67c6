using System.Diagnostics;
using Telepresence.Peers.Load;

namespace Telepresence.Peers.Lab;

/// <summary>Programs of others that the benchmark needs, from Debian's packages.</summary>
internal static class Debian
{
    public const string Slirp = "slirp4netns";
    public const string Sshuttle = "sshuttle";
    public const string SshServer = "sshd";

    private static readonly (string Program, string Package)[] _programs =
    [
        (Iperf.Program, "iperf3"),
        (DnsPerf.Program, "dnsperf"),
        (Slirp, "slirp4netns"),
        (Sshuttle, "sshuttle"),
        (SshServer, "openssh-server"),
        ("nft", "nftables"),
    ];

    private static readonly string[] _directories = ["/usr/bin", "/usr/sbin", "/usr/local/bin"];

    public static bool Has(string program) => PathOf(program) is not null;

    /// <summary>Whole path of a program.</summary>
    /// <exception cref="IOException">It is not there.</exception>
    public static string Require(string program) =>
        PathOf(program) ?? throw new IOException($"{program} is not installed");

    /// <summary>Installs what is missing; what cannot be installed stays missing, and its ways are not run.</summary>
    public static void InstallMissing()
    {
        var missing = _programs.Where(p => !Has(p.Program)).Select(p => p.Package).ToArray();
        if (missing.Length == 0 || !Has("apt-get"))
        {
            return;
        }
        var start = new ProcessStartInfo("apt-get", ["install", "-qq", "-y", "--no-install-recommends", .. missing])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var install = Process.Start(start)!;
        install.StandardOutput.ReadToEnd();
        install.WaitForExit();
    }

    private static string? PathOf(string program) =>
        _directories.Select(d => Path.Combine(d, program)).FirstOrDefault(File.Exists);
}
