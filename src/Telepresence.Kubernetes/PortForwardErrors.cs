using System.Net;

namespace Telepresence.Kubernetes;

/// <summary>What failed port-forwards mean to the user.</summary>
internal static class PortForwardErrors
{
    /// <summary>Something answered, but not as it should.</summary>
    public static KubernetesException Refused(string wanted, string why) =>
        new(
            KubernetesErrorId.PortForwardFailed,
            "ProtocolError",
            $"The API server, or a proxy in front of it, refused the {wanted} of the port-forward: {why}. "
                + "Check that no proxy between here and the cluster blocks upgraded connections.",
            "kubectl cluster-info"
        );

    /// <summary>The way to the pod stands, and the pod's side failed.</summary>
    public static KubernetesException Failed(string target, string why) =>
        new(
            KubernetesErrorId.PortForwardFailed,
            "ConnectionError",
            $"The port-forward to {target} failed: {why.Trim()}. Check that the pod runs and listens.",
            "kubectl get pods --all-namespaces"
        );

    /// <summary>Whether another way to carry the port may do better.</summary>
    public static bool MayDoBetter(KubernetesException e) =>
        e.ErrorId == KubernetesErrorId.PortForwardFailed && e.Category == "ProtocolError"
        || e.StatusCode is { } status && status != HttpStatusCode.Unauthorized;

    /// <summary>The error of a port-forward that no transport could carry.</summary>
    /// <param name="refusals">At least one, in the order they were tried.</param>
    public static KubernetesException AllRefused(
        KubernetesClientConfiguration configuration,
        string namespaceParameter,
        IReadOnlyList<(PortForwardTransport Transport, KubernetesException Error)> refusals
    )
    {
        var forbidden = refusals.Where(r => r.Error.StatusCode == HttpStatusCode.Forbidden).ToList();
        if (forbidden.Count > 0)
        {
            return Forbidden(configuration, namespaceParameter, refusals, forbidden);
        }
        var last = refusals[^1].Error;
        return refusals.Count == 1 || refusals.All(r => r.Error.StatusCode == HttpStatusCode.NotFound)
            ? last
            : new KubernetesException(
                KubernetesErrorId.PortForwardFailed,
                last.Category,
                $"No way to carry the port-forward works. {Tried(refusals)}",
                last.RecommendedAction,
                last
            )
            {
                Status = last.Status,
                StatusCode = last.StatusCode,
            };
    }

    /// <summary>
    /// SPDY's POST is authorized as <c>create</c>, which suffices and is what the traffic-manager's chart grants; a WebSocket's
    /// GET as <c>get</c>, from Kubernetes 1.35 on as both.
    /// </summary>
    private static KubernetesException Forbidden(
        KubernetesClientConfiguration configuration,
        string namespaceParameter,
        IReadOnlyList<(PortForwardTransport Transport, KubernetesException Error)> refusals,
        List<(PortForwardTransport Transport, KubernetesException Error)> forbidden
    )
    {
        var verb = forbidden.Exists(r => r.Transport == PortForwardTransport.Spdy) ? "create" : "get";
        var cause = forbidden[^1].Error;
        return new KubernetesException(
            KubernetesErrorId.PortForwardForbidden,
            "PermissionDenied",
            $"User '{configuration.User.Name}' in {configuration.User.File} may not forward ports of pods in namespace "
                + $"'{namespaceParameter}': the verb '{verb}' on pods/portforward is missing, ask the cluster's administrator for it. "
                + Tried(refusals),
            $"kubectl auth can-i {verb} pods/portforward --namespace {namespaceParameter}",
            cause
        )
        {
            Status = cause.Status,
            StatusCode = cause.StatusCode,
            TargetObject = namespaceParameter,
        };
    }

    private static string Tried(IEnumerable<(PortForwardTransport Transport, KubernetesException Error)> refusals) =>
        $"Tried: {string.Join("; ", refusals.Select(r => $"{Name(r.Transport)}: {r.Error.Status?.Message ?? r.Error.Message}"))}";

    private static string Name(PortForwardTransport transport) =>
        transport switch
        {
            PortForwardTransport.WebSocketChannels => "WebSocket",
            PortForwardTransport.WebSocketTunnel => "SPDY inside a WebSocket",
            _ => "SPDY",
        };
}
