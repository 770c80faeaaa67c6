using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Telepresence.Engine.Kubernetes;

/// <summary>Opens a forwarded port of a pod as a byte stream.</summary>
internal static class PortForward
{
    private const string Subprotocol = "v4.channel.k8s.io";

    /// <summary>Connects through the API server to <paramref name="port"/> of the pod.</summary>
    /// <returns>A duplex stream that ends with the pod's connection; it has no half-close.</returns>
    /// <exception cref="KubernetesException">PortForwardForbidden, KubernetesObjectNotFound, PortForwardFailed and what any call throws.</exception>
    public static async Task<PortForwardStream> ConnectAsync(
        KubernetesClient client,
        string namespaceParameter,
        string pod,
        int port,
        CancellationToken cancellationToken
    )
    {
        var path =
            $"api/v1/namespaces/{Uri.EscapeDataString(namespaceParameter)}/pods/{Uri.EscapeDataString(pod)}/portforward?ports={port}";
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        HttpResponseMessage response;
        try
        {
            response = await client
                .SendAsync(() => CreateUpgrade(client, path, key), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            throw Forbidden(client.Configuration, namespaceParameter, pod, e);
        }
        try
        {
            Check(response, key);
            var transport = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            return new PortForwardStream(transport, $"pod {pod}.{namespaceParameter}, port {port}");
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The trap is worth its own words: a WebSocket upgrade is a GET, and API servers authorize it as <c>get</c>, while the
    /// traffic-manager's chart grants <c>create</c> only (enough for kubectl's SPDY).
    /// </summary>
    private static KubernetesException Forbidden(
        KubernetesClientConfiguration configuration,
        string namespaceParameter,
        string pod,
        KubernetesException cause
    ) =>
        new(
            KubernetesErrorId.PortForwardForbidden,
            "PermissionDenied",
            $"User '{configuration.User.Name}' in {configuration.User.File} may not forward ports of pods in namespace "
                + $"'{namespaceParameter}'; the WebSocket needs both verbs 'get' and 'create' on pods/portforward: ask the cluster's administrator for them. "
                + $"The API server says: {cause.Status?.Message ?? cause.Message}",
            $"kubectl auth can-i get pods/portforward --namespace {namespaceParameter}",
            cause
        )
        {
            Status = cause.Status,
            StatusCode = cause.StatusCode,
            TargetObject = namespaceParameter,
        };

    private static HttpRequestMessage CreateUpgrade(KubernetesClient client, string path, string key)
    {
        var request = client.CreateRequest(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", key);
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Protocol", Subprotocol);
        return request;
    }

    private static void Check(HttpResponseMessage response, string key)
    {
        if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
        {
            throw Refused($"it answered {(int)response.StatusCode} {response.ReasonPhrase} instead of an upgrade");
        }
#pragma warning disable CA5350 // RFC 6455 4.2.2 prescribes SHA-1; it proves nothing but that the peer speaks WebSocket.
        var expected = Convert.ToBase64String(
            SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
        );
#pragma warning restore CA5350
        if (Header(response, "Sec-WebSocket-Accept") != expected)
        {
            throw Refused("its Sec-WebSocket-Accept is wrong");
        }
        if (Header(response, "Sec-WebSocket-Protocol") != Subprotocol)
        {
            throw Refused($"it does not speak {Subprotocol}");
        }
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static KubernetesException Refused(string why) =>
        new(
            KubernetesErrorId.PortForwardFailed,
            "ProtocolError",
            $"The API server, or a proxy in front of it, refused the WebSocket of the port-forward: {why}. "
                + "Check that no proxy between here and the cluster blocks WebSockets.",
            "kubectl cluster-info"
        );
}
