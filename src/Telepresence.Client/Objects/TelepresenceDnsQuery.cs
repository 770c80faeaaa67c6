namespace Telepresence.Client.Objects;

/// <summary>A DNS query that the engine answered lately.</summary>
public sealed class TelepresenceDnsQuery
{
    /// <summary>When it came (UTC).</summary>
    public DateTime Time { get; set; }

    /// <summary>Name asked for.</summary>
    public string Name { get; set; } = "";

    /// <summary>Record type, such as <c>A</c>.</summary>
    public string Type { get; set; } = "";

    /// <summary>Who answered.</summary>
    public DnsAnswerSource Source { get; set; }

    /// <summary>Response code, such as <c>NOERROR</c> or <c>NXDOMAIN</c>.</summary>
    public string ResponseCode { get; set; } = "";

    /// <summary>Time until the answer, in milliseconds.</summary>
    public double Duration { get; set; }

    /// <summary>Name of the session.</summary>
    public string Session { get; set; } = "";

    /// <summary>Name, type and code.</summary>
    public override string ToString() => $"{Name} {Type} {ResponseCode}";
}
