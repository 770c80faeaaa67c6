using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>What connections end with.</summary>
internal static class ConnectionEnd
{
    /// <summary>True: a peer or its network is gone, or the connection was given up; nothing is wrong with the agent.</summary>
    public static bool IsExpected(Exception exception) =>
        exception
            is OperationCanceledException
                or SocketException
                or IOException
                or RpcException
                or TunnelFormatException
                or ObjectDisposedException
                or InvalidOperationException;
}
