namespace Telepresence.Kubernetes;

/// <summary>
/// Opens forwarded ports of pods as byte streams, by the first transport that the API server, the user's rights and the
/// proxies in between let through. What worked is tried first the next time.
/// </summary>
/// <param name="forceSpdy"><c>cluster.forceSPDY</c>: nothing but plain SPDY is tried.</param>
internal sealed class PortForward(KubernetesClient client, bool forceSpdy = false)
{
    private static readonly PortForwardTransport[] _order =
    [
        PortForwardTransport.WebSocketChannels,
        PortForwardTransport.WebSocketTunnel,
        PortForwardTransport.Spdy,
    ];

    private int _proven = -1;

    /// <summary>What worked the last time; null: nothing yet.</summary>
    public PortForwardTransport? Proven =>
        Volatile.Read(ref _proven) is >= 0 and var proven ? (PortForwardTransport)proven : null;

    /// <summary>Connects through the API server to <paramref name="port"/> of the pod.</summary>
    /// <returns>A duplex stream that ends with the pod's connection; it has no half-close.</returns>
    /// <exception cref="KubernetesException">PortForwardForbidden, KubernetesObjectNotFound, PortForwardFailed and what any call throws.</exception>
    public async Task<Stream> ConnectAsync(
        string namespaceParameter,
        string pod,
        int port,
        CancellationToken cancellationToken
    )
    {
        var path =
            $"api/v1/namespaces/{Uri.EscapeDataString(namespaceParameter)}/pods/{Uri.EscapeDataString(pod)}/portforward";
        var target = $"pod {pod}.{namespaceParameter}, port {port}";
        var refusals = new List<(PortForwardTransport, KubernetesException)>();
        foreach (var transport in Candidates())
        {
            try
            {
                var stream = await PortForwardUpgrade
                    .OpenAsync(client, transport, path, port, target, cancellationToken)
                    .ConfigureAwait(false);
                Volatile.Write(ref _proven, (int)transport);
                return stream;
            }
            catch (KubernetesException e) when (PortForwardErrors.MayDoBetter(e))
            {
                refusals.Add((transport, e));
            }
        }
        throw PortForwardErrors.AllRefused(client.Configuration, namespaceParameter, refusals);
    }

    private IEnumerable<PortForwardTransport> Candidates() =>
        forceSpdy ? [PortForwardTransport.Spdy]
        : Proven is { } proven ? [proven, .. _order.Where(t => t != proven)]
        : _order;
}
