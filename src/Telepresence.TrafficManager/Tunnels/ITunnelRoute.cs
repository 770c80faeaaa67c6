using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Sessions;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>What becomes of the tunnels that peers open here.</summary>
internal interface ITunnelRoute
{
    /// <summary>Whose tunnel it is; null where sessions are not known.</summary>
    /// <exception cref="RpcException">It may not be opened.</exception>
    Session? Admit(StreamInfo info);

    /// <summary>Carries it until it has ended.</summary>
    Task CarryAsync(
        Session? caller,
        StreamInfo info,
        TunnelReader reader,
        TunnelResponseWriter writer,
        CancellationToken cancellationToken
    );
}
