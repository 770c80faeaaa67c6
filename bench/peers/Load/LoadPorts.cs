namespace Telepresence.Peers.Load;

/// <summary>Ports of the load server.</summary>
internal static class LoadPorts
{
    /// <summary>TCP: one command a connection, see <see cref="BulkService"/>.</summary>
    public const int Bulk = 5201;

    /// <summary>TCP: sends back what comes.</summary>
    public const int Echo = 5202;

    /// <summary>UDP: counts.</summary>
    public const int Sink = 5203;

    /// <summary>UDP: answers every A question with one address.</summary>
    public const int Dns = 53;
}
