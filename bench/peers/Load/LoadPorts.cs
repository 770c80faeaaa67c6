namespace Telepresence.Peers.Load;

/// <summary>Ports of the load server.</summary>
internal static class LoadPorts
{
    /// <summary>TCP: how many datagrams came, see <see cref="CountService"/>.</summary>
    public const int Count = 5201;

    /// <summary>TCP: sends back what comes.</summary>
    public const int Echo = 5202;

    /// <summary>UDP: counts.</summary>
    public const int Sink = 5203;

    /// <summary>UDP: answers every A question with one address.</summary>
    public const int Dns = 53;

    /// <summary>TCP: iperf3's servers, one a workstation: each serves one client at a time.</summary>
    public static int Bulk(int workstation) => 5300 + workstation;
}
