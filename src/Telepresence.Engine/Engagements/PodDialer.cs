using System.Net;
using Telepresence.Engine.Manager;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Engagements;

/// <summary>
/// Opens one tunnel to a pod: with the pod's own agent where it is linked to, else with the traffic-manager, which chooses by the
/// same rule (PROTOCOL §2.10). Dispose it at the tunnel's end.
/// </summary>
/// <param name="connection">Of this moment.</param>
/// <param name="link">Finds the link to a pod.</param>
internal sealed class PodDialer(ManagerConnection connection, Func<IPAddress, AgentLink?> link)
    : ITunnelDialer,
        IDisposable
{
    private AgentDialer? _agent;

    public TunnelOptions Options => connection.Tunnels.Options;

    public async ValueTask<ManagerTunnel> OpenAsync(ConnId id, CancellationToken cancellationToken)
    {
        if (link(id.Destination.Address) is { HasFailed: false } direct)
        {
            var agent = new AgentDialer([direct], connection.Session.SessionId, Options);
            try
            {
                var tunnel = await agent.OpenAsync(id, cancellationToken).ConfigureAwait(false);
                _agent = agent;
                return tunnel;
            }
            catch (RpcException) when (!cancellationToken.IsCancellationRequested)
            {
                agent.Dispose();
            }
        }
        return await connection.Tunnels.OpenAsync(id, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _agent?.Dispose();
}
