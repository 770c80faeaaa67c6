using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Telepresence.Kubernetes;

/// <summary>Turns what HTTP and the API server say into typed errors with a next step.</summary>
internal static class KubernetesFailure
{
    private const int StatusLimit = 64 << 10;

    public static async Task<KubernetesException> FromResponseAsync(
        KubernetesClientConfiguration configuration,
        HttpRequestMessage request,
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        var status = await ReadStatusAsync(response, cancellationToken).ConfigureAwait(false);
        var user = $"user '{configuration.User.Name}' in {configuration.User.File}";
        var said = status?.Message ?? $"{(int)response.StatusCode} {response.ReasonPhrase}";
        var what = $"{request.Method} {request.RequestUri?.AbsolutePath}";
        var (id, category, message, next) = response.StatusCode switch
        {
            HttpStatusCode.Unauthorized => (
                KubernetesErrorId.Unauthorized,
                "AuthenticationError",
                $"{configuration.Server} does not accept the credentials of {user}: {said}. Log in to the cluster again.",
                "kubectl auth whoami"
            ),
            HttpStatusCode.Forbidden => (
                KubernetesErrorId.Forbidden,
                "PermissionDenied",
                $"{what} is forbidden for {user}: {said}. {Remedy(status)}",
                "kubectl auth can-i --list"
            ),
            HttpStatusCode.NotFound => (
                KubernetesErrorId.KubernetesObjectNotFound,
                "ObjectNotFound",
                $"{what}: {said}. Check name and namespace.",
                "kubectl get all --all-namespaces"
            ),
            _ => (
                KubernetesErrorId.KubernetesApiError,
                "ResourceUnavailable",
                $"{what} failed: {said}",
                "kubectl get --raw '/readyz?verbose'"
            ),
        };
        return new KubernetesException(id, category, message, next)
        {
            Status = status,
            StatusCode = response.StatusCode,
            TargetObject = configuration.Server.AbsoluteUri,
        };
    }

    private static string Remedy(V1Status? status) =>
        AccessRule.OfRefusal(status?.Message) is { } rule
            ? $"Ask the cluster's administrator for this rule, in a "
                + (rule.Namespace is null ? "ClusterRole" : $"Role of namespace {rule.Namespace}")
                + $": {rule}"
            : "Ask the cluster's administrator.";

    public static KubernetesException FromTransport(KubernetesClientConfiguration configuration, Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is KubernetesException typed)
            {
                return typed;
            }
            if (e is SocketException socket)
            {
                return Unreachable(configuration, socket.Message, exception);
            }
        }
        return Unreachable(configuration, exception.GetBaseException().Message, exception);
    }

    public static KubernetesException Unreachable(
        KubernetesClientConfiguration configuration,
        string why,
        Exception? inner
    ) =>
        new(
            KubernetesErrorId.ClusterUnreachable,
            "ConnectionError",
            $"API server {configuration.Server} (cluster '{configuration.Cluster.Name}' in {configuration.Cluster.File}) "
                + $"cannot be reached: {why}. Check that it runs, and the network or VPN to it.",
            "kubectl cluster-info",
            inner
        )
        {
            TargetObject = configuration.Server.AbsoluteUri,
        };

    public static KubernetesException Malformed(
        KubernetesClientConfiguration configuration,
        string path,
        string why,
        Exception? inner
    ) =>
        new(
            KubernetesErrorId.KubernetesApiError,
            "InvalidData",
            $"{configuration.Server} answered {path} with something that is no Kubernetes object: {why}",
            "kubectl cluster-info",
            inner
        );

    /// <summary>A watch ended with an error: 410 where the server has forgotten the version.</summary>
    public static KubernetesException OfWatch(
        KubernetesClientConfiguration configuration,
        string path,
        V1Status status
    ) =>
        new(
            KubernetesErrorId.KubernetesApiError,
            "ResourceUnavailable",
            $"The watch of {path} ended: {status.Message ?? status.Reason ?? "no reason given"}",
            "kubectl get --raw '/readyz?verbose'"
        )
        {
            Status = status,
            StatusCode = (HttpStatusCode)(status.Code ?? 500),
            TargetObject = configuration.Server.AbsoluteUri,
        };

    private static async Task<V1Status?> ReadStatusAsync(
        HttpResponseMessage response,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            var buffer = new byte[StatusLimit];
            var count = await stream
                .ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken)
                .ConfigureAwait(false);
            return JsonSerializer.Deserialize(buffer.AsSpan(0, count), KubernetesJsonContext.Default.V1Status);
        }
        catch (Exception e) when (e is JsonException or IOException or HttpRequestException)
        {
            // The status line alone still makes a good error.
            return null;
        }
    }
}
