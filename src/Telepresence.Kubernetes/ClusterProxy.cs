using System.Net;

namespace Telepresence.Kubernetes;

/// <summary>The proxy in front of one API server: calls and port-forwards alike go through it.</summary>
internal sealed class ClusterProxy : IWebProxy
{
    private static readonly string[] _schemes = ["http", "https", "socks5", "socks5h"];

    private ClusterProxy(Uri address)
    {
        Address = address;
        if (address.UserInfo.Split(':', 2) is [{ Length: > 0 } name, .. var password])
        {
            Credentials = new NetworkCredential(
                Uri.UnescapeDataString(name),
                Uri.UnescapeDataString(password.FirstOrDefault() ?? "")
            );
        }
    }

    public Uri Address { get; }
    public ICredentials? Credentials { get; set; }

    /// <summary>The one of <c>proxy-url</c>.</summary>
    /// <exception cref="KubernetesException">KubeconfigInvalid.</exception>
    public static ClusterProxy OfCluster(KubeconfigCluster cluster) =>
        Parse(cluster.ProxyUrl!)
        ?? throw new KubernetesException(
            KubernetesErrorId.KubeconfigInvalid,
            "InvalidData",
            $"The proxy-url '{cluster.ProxyUrl}' of cluster '{cluster.Name}' in {cluster.File} cannot be used: "
                + "it must be http://, https:// or socks5://host:port. Correct it there.",
            "kubectl config view --minify"
        )
        {
            TargetObject = cluster.File,
        };

    /// <summary>The one of <c>HTTPS_PROXY</c> or <c>HTTP_PROXY</c>, where <c>NO_PROXY</c> does not except the server.</summary>
    /// <exception cref="KubernetesException">KubeconfigInvalid: the variable holds no address of a proxy.</exception>
    public static ClusterProxy? OfEnvironment(Uri server, Func<string, string?> environment)
    {
        var variable = server.Scheme == Uri.UriSchemeHttps ? "HTTPS_PROXY" : "HTTP_PROXY";
        var text = Either(variable);
        if (string.IsNullOrWhiteSpace(text) || NoProxyList.Parse(Either("NO_PROXY")).Contains(server))
        {
            return null;
        }
        return Parse(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text)
            ?? throw new KubernetesException(
                KubernetesErrorId.KubeconfigInvalid,
                "InvalidData",
                $"The environment variable {variable} ('{text}') names no proxy to reach {server}: it must be http://, https:// "
                    + "or socks5://host:port. Correct it, or except the server in NO_PROXY.",
                $"$env:{variable}"
            );

        string? Either(string name) =>
            environment(name) is { Length: > 0 } upper ? upper : environment(name.ToLowerInvariant());
    }

    public Uri GetProxy(Uri destination) => Address;

    public bool IsBypassed(Uri host) => false;

    private static ClusterProxy? Parse(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && _schemes.Contains(uri.Scheme, StringComparer.OrdinalIgnoreCase)
        && uri.Host.Length > 0
            ? new ClusterProxy(uri.Scheme == "socks5h" ? new UriBuilder(uri) { Scheme = "socks5" }.Uri : uri)
            : null;
}
