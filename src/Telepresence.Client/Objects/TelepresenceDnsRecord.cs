namespace Telepresence.Client.Objects;

/// <summary>A DNS record as a program on this machine gets it.</summary>
public sealed class TelepresenceDnsRecord
{
    /// <summary>Owner of the record, without trailing dot.</summary>
    public string Name { get; set; } = "";

    /// <summary>Record type, such as <c>A</c>.</summary>
    public string Type { get; set; } = "";

    /// <summary>Time to live in seconds.</summary>
    public uint TTL { get; set; }

    /// <summary>Section of the answer.</summary>
    public string Section { get; set; } = "Answer";

    /// <summary>What to connect to: virtual where translated. Empty for other records than A and AAAA.</summary>
    public string IPAddress { get; set; } = "";

    /// <summary>The real address in the cluster; empty for other records than A and AAAA, and for names outside the cluster.</summary>
    public string ClusterAddress { get; set; } = "";

    /// <summary>Target of CNAME, NS, PTR, MX and SRV records.</summary>
    public string NameHost { get; set; } = "";

    /// <summary>Port of an SRV record; 0 otherwise.</summary>
    public int Port { get; set; }

    /// <summary>Priority or preference of SRV and MX records; 0 otherwise.</summary>
    public int Priority { get; set; }

    /// <summary>Weight of an SRV record; 0 otherwise.</summary>
    public int Weight { get; set; }

    /// <summary>Text of a TXT record, or the data in presentation form.</summary>
    public string Strings { get; set; } = "";

    /// <summary>Who answered.</summary>
    public DnsAnswerSource Source { get; set; }

    /// <summary>Name of the session.</summary>
    public string Session { get; set; } = "";

    /// <summary>Name and what it stands for.</summary>
    public override string ToString() =>
        $"{Name} {Type} {(IPAddress.Length > 0 ? IPAddress : NameHost.Length > 0 ? NameHost : Strings)}";
}
