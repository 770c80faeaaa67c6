using Telepresence.Peers.Load;
using Telepresence.Peers.Report;

namespace Telepresence.Peers.Lab;

/// <summary>
/// sshuttle, with an sshd of its own on the far side: keys and configuration of this run alone, in /run, which is this run's
/// too. It carries TCP only.
/// </summary>
internal static class SshuttleColumn
{
    private const string Directory = "/run/ssh";
    private const int Port = 2222;

    public static async Task<Column> StartAsync(List<RunningProgram> far)
    {
        var program = Debian.Require(Debian.Sshuttle);
        var server = Debian.Require(Debian.SshServer);
        Debian.Require("nft");
        WriteKeysAndConfiguration();
        var sshd = new RunningProgram(
            Network.Start(Network.Cluster, server, ["-D", "-e", "-f", $"{Directory}/sshd_config"], readsErrors: true)
        );
        far.Add(sshd);
        await sshd.WaitForAsync("listening").ConfigureAwait(false);
        MakeDeadEnd();
        var ssh =
            $"ssh -F none -p {Port} -i {Directory}/user -o UserKnownHostsFile={Directory}/known -o StrictHostKeyChecking=no";
        string[] arguments =
        [
            .. $"--method nft -r root@{Network.FarAddress(Ways.Sshuttle)} -e".Split(' '),
            ssh,
            Network.DirectServiceSubnet,
        ];
        var sshuttle = new RunningProgram(Network.Start(Ways.Sshuttle, program, arguments, readsErrors: true));
        await sshuttle.WaitForAsync("Connected to server").ConfigureAwait(false);
        // Its connections are threads of one Python process: thousands a second would measure its failures only.
        return new Column(Ways.Sshuttle, Ways.Sshuttle, Network.DirectService, Traffic.Bulk)
        {
            BulkPort = LoadPorts.Bulk(Network.Index(Ways.Sshuttle)),
            Programs = [sshuttle],
        };
    }

    private static void WriteKeysAndConfiguration()
    {
        System.IO.Directory.CreateDirectory("/run/sshd");
        System.IO.Directory.CreateDirectory(Directory);
        foreach (var key in (string[])["host", "user"])
        {
            // The words are separate: an empty passphrase is one of them.
            Network.Run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", $"{Directory}/{key}"]);
        }
        File.WriteAllText(
            $"{Directory}/sshd_config",
            $"""
            Port {Port}
            HostKey {Directory}/host
            AuthorizedKeysFile {Directory}/user.pub
            UsePAM no
            StrictModes no
            PidFile none
            PermitRootLogin prohibit-password

            """
        );
    }

    /// <summary>A route for what is redirected, or connect() fails before it is; without the redirection it leads nowhere.</summary>
    private static void MakeDeadEnd()
    {
        Network.Run("ip", $"-n {Ways.Sshuttle} link add end0 type veth peer name end1");
        Network.Run("ip", $"-n {Ways.Sshuttle} link set end1 up");
        Network.Run("ip", $"-n {Ways.Sshuttle} link set end0 up");
        Network.Run("ip", $"-n {Ways.Sshuttle} route add {Network.DirectServiceSubnet} dev end0");
    }
}
