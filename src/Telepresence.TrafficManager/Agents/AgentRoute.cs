using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Sessions;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.TrafficManager.Agents;

/// <summary>
/// An agent's way with the tunnels of clients: it knows no sessions. One that answers a DialRequest goes to who asked for it,
/// for all others it dials.
/// </summary>
internal sealed class AgentRoute(DialledTunnel dialled, TunnelReports reports, TunnelRendezvous rendezvous)
    : ITunnelRoute
{
    public Session? Admit(StreamInfo info) => null;

    public async Task CarryAsync(
        Session? caller,
        StreamInfo info,
        TunnelReader reader,
        TunnelResponseWriter writer,
        CancellationToken cancellationToken
    )
    {
        if (
            !rendezvous.IsEmpty
            && await rendezvous
                .TryAnswerAsync(info.SessionId, info.ConnId, reader, writer, cancellationToken)
                .ConfigureAwait(false)
        )
            return;
        var traffic = await dialled
            .CarryAsync(info, new TunnelStream(reader, writer), null, cancellationToken)
            .ConfigureAwait(false);
        reports.Add(info.SessionId, traffic);
    }
}
