using System.Diagnostics;
using Telepresence.Peers.Report;

namespace Telepresence.Peers.Lab;

/// <summary>
/// The wires: one namespace with the far side, and one for each way to it, joined by a veth pair each. None has a
/// default route.
/// </summary>
internal static class Network
{
    public const string Cluster = "cluster";

    /// <summary>Only reachable through the manager in the cluster's namespace.</summary>
    public const string DirectService = "10.97.0.10";

    public const string DirectServiceSubnet = "10.97.0.0/24";

    /// <summary>A workstation for each way, with a wire of its own.</summary>
    public static readonly IReadOnlyList<string> Workstations =
    [
        Ways.Raw,
        Ways.Ours,
        Ways.Forwarded,
        Ways.TcpRelay,
        Ways.HttpRelay,
        .. Ways.SlirpMtus.Select(Ways.SlirpAt),
        Ways.Sshuttle,
        Ways.Upstream,
    ];

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    /// <summary>Address of the cluster's namespace on the wire of a workstation.</summary>
    public static string FarAddress(string workstation) => $"10.99.{Index(workstation)}.2";

    /// <summary>Address of the workstation on its wire.</summary>
    public static string NearAddress(string workstation) => $"10.99.{Index(workstation)}.1";

    /// <summary>Both ends' subnet.</summary>
    public static string WireSubnet(string workstation) => $"10.99.{Index(workstation)}.0/24";

    public static int Index(string workstation) => 1 + Workstations.ToList().IndexOf(workstation);

    /// <summary>Builds everything; only in namespaces that <see cref="Isolation"/> made.</summary>
    public static void Build()
    {
        // Covers the machine's resolver and bus too, and keeps the list of namespaces to ourselves.
        Run("mount", "-t tmpfs tmpfs /run");
        MakeNamespace(Cluster);
        Run("ip", $"-n {Cluster} address add {DirectService}/32 dev lo");
        WriteResolvConf(
            Cluster,
            "nameserver 127.0.0.1\nsearch bench.svc.cluster.local svc.cluster.local cluster.local\n"
        );
        foreach (var name in Workstations)
        {
            MakeNamespace(name);
            Run("ip", $"-n {name} link add eth0 type veth peer name wire{Index(name)} netns {Cluster}");
            Run("ip", $"-n {name} address add {NearAddress(name)}/24 dev eth0");
            Run("ip", $"-n {Cluster} address add {FarAddress(name)}/24 dev wire{Index(name)}");
            Run("ip", $"-n {name} link set eth0 up");
            Run("ip", $"-n {Cluster} link set wire{Index(name)} up");
            WriteResolvConf(name, $"nameserver {FarAddress(name)}\n");
        }
    }

    /// <summary>A namespace without a wire.</summary>
    public static void MakeNamespace(string name)
    {
        Run("ip", $"netns add {name}");
        Run("ip", $"-n {name} link set lo up");
        // Thousands of connections a second from one address: without these the ports run out, not the speed.
        foreach (var setting in (string[])["ip_local_port_range=1024 65535", "tcp_tw_reuse=1"])
        {
            Run("ip", ["netns", "exec", name, "sysctl", "-q", "-w", $"net.ipv4.{setting}"]);
        }
        WriteResolvConf(name, "");
    }

    /// <summary>A program in a namespace, with that namespace's resolv.conf. It ends with us.</summary>
    /// <param name="readsErrors">Its errors are read as its output is, for programs that tell there when they are ready.</param>
    public static Process Start(
        string ns,
        string program,
        IEnumerable<string> arguments,
        string environment = "",
        bool readsErrors = false
    )
    {
        string[] command =
        [
            "netns",
            "exec",
            ns,
            "sh",
            "-c",
            $"mount --bind /run/{ns}.conf /etc/resolv.conf && exec env {environment} \"$@\"{(readsErrors ? " 2>&1" : "")}",
            "sh",
            program,
            .. arguments,
        ];
        return Process.Start(
            new ProcessStartInfo("ip", command) { RedirectStandardInput = true, RedirectStandardOutput = true }
        )!;
    }

    /// <summary>All that a program in a namespace writes until its end.</summary>
    /// <exception cref="IOException">It takes too long.</exception>
    public static async Task<string> OutputOfAsync(string ns, string program, IEnumerable<string> arguments)
    {
        using var process = Start(ns, program, arguments, readsErrors: true);
        process.StandardInput.Close();
        try
        {
            return await process.StandardOutput.ReadToEndAsync().WaitAsync(_patience).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            process.Kill(entireProcessTree: true);
            throw new IOException($"{program} does not end", e);
        }
    }

    /// <exception cref="IOException">It failed.</exception>
    public static void Run(string program, string arguments) => Run(program, arguments.Split(' '));

    /// <inheritdoc cref="Run(string, string)"/>
    public static void Run(string program, string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new IOException($"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}");
        }
    }

    private static void WriteResolvConf(string name, string text) => File.WriteAllText($"/run/{name}.conf", text);
}
