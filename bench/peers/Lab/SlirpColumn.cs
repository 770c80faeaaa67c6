using System.Globalization;
using Telepresence.Peers.Load;
using Telepresence.Peers.Report;

namespace Telepresence.Peers.Lab;

/// <summary>
/// slirp4netns: a namespace behind a tap device that its user-space stack serves from the workstation's namespace.
/// </summary>
internal static class SlirpColumn
{
    private const string Device = "tap0";

    public static async Task<Column> StartAsync(int mtu)
    {
        var workstation = Ways.SlirpAt(mtu);
        var inner = $"inner_{mtu.ToString(CultureInfo.InvariantCulture)}";
        var program = Debian.Require(Debian.Slirp);
        Network.MakeNamespace(inner);
        string[] arguments = ["--netns-type=path", $"--mtu={mtu}", $"/run/netns/{inner}", Device];
        var slirp = new RunningProgram(Network.Start(workstation, program, arguments, readsErrors: true));
        await slirp.WaitForAsync("received tapfd").ConfigureAwait(false);
        Network.Run("ip", $"-n {inner} address add 10.0.2.100/24 dev {Device}");
        Network.Run("ip", $"-n {inner} link set {Device} mtu {mtu} up");
        // In place of its --configure, which would make a default route.
        Network.Run("ip", $"-n {inner} route add {Network.WireSubnet(workstation)} via 10.0.2.2");
        return new Column(
            workstation,
            inner,
            Network.FarAddress(workstation),
            Traffic.Bulk | Traffic.Connections | Traffic.Datagrams
        )
        {
            BulkPort = LoadPorts.Bulk(Network.Index(workstation)),
            Programs = [slirp],
        };
    }
}
