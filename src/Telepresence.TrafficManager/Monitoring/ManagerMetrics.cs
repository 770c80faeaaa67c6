using System.Diagnostics.Metrics;
using Telepresence.TrafficManager.Sessions;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.TrafficManager.Monitoring;

/// <summary>A manager's metrics, under the names that upstream's have where it has them.</summary>
internal sealed class ManagerMetrics : IDisposable
{
    private long _dnsQueries;

    public ManagerMetrics(SessionTable sessions)
    {
        Meter.CreateObservableGauge("telepresence_agent_count", () => sessions.Agents.All.Length, null, "Agents here");
        Meter.CreateObservableGauge("telepresence_client_count", () => sessions.ClientCount, null, "Clients here");
        Meter.CreateObservableGauge(
            "telepresence_session_count",
            () => sessions.Count,
            null,
            "Agents and clients here"
        );
        Meter.CreateObservableGauge("telepresence_tunnel_count", () => Tunnels.Open, null, "Open tunnels");
        Meter.CreateObservableCounter(
            "telepresence_tunnel_ingress_bytes",
            () => Tunnels.ToCluster,
            null,
            "Bytes that tunnels carried from clients"
        );
        Meter.CreateObservableCounter(
            "telepresence_tunnel_egress_bytes",
            () => Tunnels.FromCluster,
            null,
            "Bytes that tunnels carried to clients"
        );
        Meter.CreateObservableCounter(
            "telepresence_dial_failure_count",
            () => Tunnels.DialFailures,
            null,
            "Destinations that could not be dialled"
        );
        Meter.CreateObservableCounter(
            "telepresence_dns_query_count",
            () => Interlocked.Read(ref _dnsQueries),
            null,
            "Names that clients looked up"
        );
    }

    /// <summary>The instruments.</summary>
    public Meter Meter { get; } = new("Telepresence.TrafficManager");

    /// <summary>Counted by whoever carries tunnels.</summary>
    public TunnelCounters Tunnels { get; } = new();

    public void CountDnsQuery() => Interlocked.Increment(ref _dnsQueries);

    public void Dispose() => Meter.Dispose();
}
