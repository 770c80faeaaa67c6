namespace Telepresence.Peers.Lab;

/// <summary>What a way carries, as far as it is measured.</summary>
[Flags]
internal enum Traffic
{
    None = 0,

    /// <summary>iperf3's connections.</summary>
    Bulk = 1,

    /// <summary>Many connections of the load client.</summary>
    Connections = 2,

    Datagrams = 4,
}
