using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Session.Views;

/// <summary>A session's flows as <c>Get-NetTCPConnection</c> names them.</summary>
internal static class ConnectionViews
{
    public static IEnumerable<TelepresenceConnection> All(
        EngineSession session,
        ISocketOwners owners,
        IReadOnlyDictionary<IPAddress, string> objects
    )
    {
        var (tcp, udp) = session.Flows;
        foreach (var flow in tcp)
            yield return View(session, TransportProtocol.Tcp, flow.Endpoints, flow.Statistics, owners, objects);
        foreach (var flow in udp)
            yield return View(session, TransportProtocol.Udp, flow.Endpoints, flow.Statistics, owners, objects);
    }

    public static ConnectionKey KeyOf(TransportProtocol protocol, FlowEndpoints endpoints) =>
        new(
            protocol,
            endpoints.Source.Address.ToString(),
            endpoints.Source.Port,
            endpoints.Destination.Address.ToString(),
            endpoints.Destination.Port
        );

    private static TelepresenceConnection View(
        EngineSession session,
        TransportProtocol protocol,
        FlowEndpoints endpoints,
        FlowStatistics statistics,
        ISocketOwners owners,
        IReadOnlyDictionary<IPAddress, string> objects
    )
    {
        var cluster = session.Resolve(endpoints.Destination)?.Address ?? endpoints.Destination.Address;
        return new TelepresenceConnection
        {
            Protocol = protocol,
            LocalAddress = endpoints.Source.Address.ToString(),
            LocalPort = endpoints.Source.Port,
            RemoteAddress = endpoints.Destination.Address.ToString(),
            RemotePort = endpoints.Destination.Port,
            State = statistics.State,
            OwningProcess = owners.Find(protocol, endpoints.Source, endpoints.Destination),
            CreationTime = statistics.Since.UtcDateTime,
            BytesSent = statistics.BytesSent,
            BytesReceived = statistics.BytesReceived,
            RoundTripTime = statistics.RoundTripTime?.TotalMilliseconds,
            Retransmits = statistics.Retransmits,
            DnsName = session.Names.Find(cluster),
            ClusterAddress = cluster.ToString(),
            Via = session.WorkloadFor(cluster),
            Target = objects.GetValueOrDefault(cluster, ""),
            Session = session.Name,
        };
    }
}
