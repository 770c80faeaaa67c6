using System.Diagnostics;

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

    /// <summary>A column's workstation, and the far end of its wire.</summary>
    public static readonly IReadOnlyList<string> Workstations = ["raw", "ours", "forwarded"];

    /// <summary>Address of the cluster's namespace on the wire of a workstation.</summary>
    public static string FarAddress(string workstation) => $"10.99.{Index(workstation)}.2";

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
            Run("ip", $"-n {name} link add eth0 type veth peer name {name} netns {Cluster}");
            Run("ip", $"-n {name} address add 10.99.{Index(name)}.1/24 dev eth0");
            Run("ip", $"-n {Cluster} address add {FarAddress(name)}/24 dev {name}");
            Run("ip", $"-n {name} link set eth0 up");
            Run("ip", $"-n {Cluster} link set {name} up");
            WriteResolvConf(name, $"nameserver {FarAddress(name)}\n");
        }
    }

    /// <summary>A program in a namespace, with that namespace's resolv.conf. It ends with us.</summary>
    public static Process Start(string ns, string program, IEnumerable<string> arguments, string environment = "")
    {
        string[] command =
        [
            "netns",
            "exec",
            ns,
            "sh",
            "-c",
            $"mount --bind /run/{ns}.conf /etc/resolv.conf && exec env {environment} \"$@\"",
            "sh",
            program,
            .. arguments,
        ];
        return Process.Start(
            new ProcessStartInfo("ip", command) { RedirectStandardInput = true, RedirectStandardOutput = true }
        )!;
    }

    private static void MakeNamespace(string name)
    {
        Run("ip", $"netns add {name}");
        Run("ip", $"-n {name} link set lo up");
        // Thousands of connections a second from one address: without these the ports run out, not the speed.
        foreach (var setting in (string[])["ip_local_port_range=1024 65535", "tcp_tw_reuse=1"])
        {
            Execute("ip", ["netns", "exec", name, "sysctl", "-q", "-w", $"net.ipv4.{setting}"]);
        }
    }

    private static void WriteResolvConf(string name, string text) => File.WriteAllText($"/run/{name}.conf", text);

    private static int Index(string workstation) => 1 + Workstations.ToList().IndexOf(workstation);

    private static void Run(string program, string arguments) => Execute(program, arguments.Split(' '));

    private static void Execute(string program, string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}"
            );
        }
    }
}
