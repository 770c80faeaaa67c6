using Telepresence.Client.Measurements;

namespace Telepresence.Client.Objects;

/// <summary>How fast a target in the cluster answers, as a program on this machine would find it. Times are milliseconds.</summary>
public sealed class TelepresenceMeasurement
{
    /// <summary>As it was asked for.</summary>
    public string Target { get; set; } = "";

    /// <summary>The address that was connected to.</summary>
    public string RemoteAddress { get; set; } = "";

    /// <summary>The port that was connected to.</summary>
    public int RemotePort { get; set; }

    /// <summary>Session that the address is reached through; empty: it is not reached through Telepresence.</summary>
    public string Session { get; set; } = "";

    /// <summary>When it began (UTC).</summary>
    public DateTime Time { get; set; }

    /// <summary>How long it took, in seconds.</summary>
    public double Duration { get; set; }

    /// <summary>The system's answer to the name, caches and all; null for an address.</summary>
    public double? DnsLatency { get; set; }

    /// <summary>Median of <see cref="HandshakeSamples"/>; null without one that succeeded.</summary>
    public double? Handshake { get; set; }

    /// <summary>The fastest.</summary>
    public double? HandshakeMinimum { get; set; }

    /// <summary>The slowest.</summary>
    public double? HandshakeMaximum { get; set; }

    /// <summary>
    /// From a program's connect to its success. The engine answers when the target has accepted in the cluster, so it is one round
    /// trip to the target and what the cluster's side takes to connect.
    /// </summary>
    public double[] HandshakeSamples { get; set; } = [];

    /// <summary>Handshakes that were refused, or took more than a second and were not done when time was up.</summary>
    public int Failures { get; set; }

    /// <summary>Why the last one failed, or empty.</summary>
    public string LastError { get; set; } = "";

    /// <summary>
    /// Median of a small call from the engine to the traffic-manager: API server and port-forward, without the target. Null without a
    /// session.
    /// </summary>
    public double? RoundTrip { get; set; }

    /// <summary>Bits per second of payload from the target; null without a figure.</summary>
    public double? Throughput { get; set; }

    /// <summary>Where <see cref="Throughput"/> comes from.</summary>
    public ThroughputSource ThroughputSource { get; set; }

    /// <summary>Payload bytes behind <see cref="Throughput"/>.</summary>
    public long BytesReceived { get; set; }

    /// <summary>The handshakes in their order as a line of bars, from 0 to the slowest.</summary>
    public string Sparkline => Measurements.Sparkline.Draw(HandshakeSamples, width: 20);

    /// <summary>The target and its median handshake.</summary>
    public override string ToString() => $"{Target} {Handshake:0.0} ms";
}
