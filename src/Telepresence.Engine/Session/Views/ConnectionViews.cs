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
        foreach (var flow in tcp.Concat<IFlow>(udp))
        {
            var connection = new TelepresenceConnection();
            Fill(connection, session, flow, objects);
            connection.OwningProcess = OwnerOf(flow, owners);
            yield return connection;
        }
    }

    public static TransportProtocol ProtocolOf(IFlow flow) =>
        flow is ITcpFlow ? TransportProtocol.Tcp : TransportProtocol.Udp;

    /// <summary>The process that has the flow's socket; 0 when it cannot be told.</summary>
    public static int OwnerOf(IFlow flow, ISocketOwners owners) =>
        owners.Find(ProtocolOf(flow), flow.Endpoints.Source, flow.Endpoints.Destination);

    public static ConnectionKey KeyOf(TransportProtocol protocol, FlowEndpoints endpoints) =>
        new(
            protocol,
            endpoints.Source.Address.ToString(),
            endpoints.Source.Port,
            endpoints.Destination.Address.ToString(),
            endpoints.Destination.Port
        );

    /// <summary>Everything but the process, which costs a look at the system.</summary>
    public static void Fill(
        TelepresenceConnection connection,
        EngineSession session,
        IFlow flow,
        IReadOnlyDictionary<IPAddress, string> objects
    )
    {
        var endpoints = flow.Endpoints;
        var statistics = flow.Statistics;
        var cluster = session.Resolve(endpoints.Destination)?.Address ?? endpoints.Destination.Address;
        connection.Protocol = ProtocolOf(flow);
        connection.LocalAddress = endpoints.Source.Address.ToString();
        connection.LocalPort = endpoints.Source.Port;
        connection.RemoteAddress = endpoints.Destination.Address.ToString();
        connection.RemotePort = endpoints.Destination.Port;
        connection.State = statistics.State;
        connection.CreationTime = statistics.Since.UtcDateTime;
        connection.BytesSent = statistics.BytesSent;
        connection.BytesReceived = statistics.BytesReceived;
        connection.RoundTripTime = statistics.RoundTripTime?.TotalMilliseconds;
        connection.Retransmits = statistics.Retransmits;
        connection.DnsName = session.Names.Find(cluster);
        connection.ClusterAddress = cluster.ToString();
        connection.Via = session.WorkloadFor(cluster);
        connection.Target = objects.GetValueOrDefault(cluster, "");
        connection.Session = session.Name;
    }
}
