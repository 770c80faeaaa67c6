using System.Net.Sockets;

namespace Telepresence.Sandbox.PortForward;

/// <summary>The pod behind a port-forward.</summary>
/// <param name="Pod">Its name, for messages.</param>
/// <param name="DialAsync">Opens a connection to one of its ports.</param>
internal sealed record PortForwardTarget(string Pod, Func<int, CancellationToken, ValueTask<Socket>> DialAsync)
{
    public string Describe(int port, Exception failure) =>
        $"error forwarding port {port} to pod {Pod}: {failure.Message}";
}
