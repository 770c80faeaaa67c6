using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Manager;

/// <summary>Opens tunnels with whom the traffic shall leave from.</summary>
internal interface ITunnelDialer
{
    TunnelOptions Options { get; }

    /// <summary>Returns after StreamOK; the dial goes on.</summary>
    /// <exception cref="RpcException">No tunnel: the way there broke, or the far side does not want it.</exception>
    ValueTask<ManagerTunnel> OpenAsync(ConnId id, CancellationToken cancellationToken);
}
