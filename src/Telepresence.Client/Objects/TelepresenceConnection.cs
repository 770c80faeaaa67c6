using Telepresence.Client.Contract;

namespace Telepresence.Client.Objects;

/// <summary>A connection from this machine into the cluster, with the property names of NetTCPConnection and ours.</summary>
public class TelepresenceConnection
{
    /// <summary>TCP or UDP.</summary>
    public TransportProtocol Protocol { get; set; }

    /// <summary>Address on this machine.</summary>
    public string LocalAddress { get; set; } = "";

    /// <summary>Port on this machine.</summary>
    public int LocalPort { get; set; }

    /// <summary>What the program connected to: virtual where translated.</summary>
    public string RemoteAddress { get; set; } = "";

    /// <summary>Port the program connected to.</summary>
    public int RemotePort { get; set; }

    /// <summary>TCP state as Get-NetTCPConnection names it (<c>Established</c> …); <c>Open</c> for UDP.</summary>
    public string State { get; set; } = "";

    /// <summary>Process that owns the local socket; 0 when it cannot be told.</summary>
    public int OwningProcess { get; set; }

    /// <summary>When it was opened (UTC).</summary>
    public DateTime CreationTime { get; set; }

    /// <summary>Payload bytes to the cluster.</summary>
    public long BytesSent { get; set; }

    /// <summary>Payload bytes from the cluster.</summary>
    public long BytesReceived { get; set; }

    /// <summary>Smoothed round trip between program and engine in milliseconds; null for UDP or before the first sample.</summary>
    public double? RoundTripTime { get; set; }

    /// <summary>Segments sent again.</summary>
    public long Retransmits { get; set; }

    /// <summary>A name that was resolved to the remote address, or empty.</summary>
    public string DnsName { get; set; } = "";

    /// <summary>The real address in the cluster.</summary>
    public string ClusterAddress { get; set; } = "";

    /// <summary>Workload whose agent it leaves through, or empty.</summary>
    public string Via { get; set; } = "";

    /// <summary>What has that address, such as <c>service/web.demo</c>, or empty.</summary>
    public string Target { get; set; } = "";

    /// <summary>Name of the session.</summary>
    public string Session { get; set; } = "";

    /// <summary>What names this connection to the engine.</summary>
    internal ConnectionKey Key => new(Protocol, LocalAddress, LocalPort, RemoteAddress, RemotePort);

    /// <summary>Both ends.</summary>
    public override string ToString() => $"{LocalAddress}:{LocalPort} → {RemoteAddress}:{RemotePort}";
}
