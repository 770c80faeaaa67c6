namespace Telepresence.Kubernetes;

/// <summary>The cluster that this machine is a pod of: what kubectl takes where there is no kubeconfig.</summary>
internal static class ServiceAccount
{
    /// <summary>Null where this is no pod, or one without a service account's token.</summary>
    public static KubernetesClientConfiguration? TryRead(KubeconfigOptions options)
    {
        var host = options.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST");
        var port = options.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT");
        var token = Path.Combine(options.ServiceAccountFolder, "token");
        var authority = Path.Combine(options.ServiceAccountFolder, "ca.crt");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port) || !File.Exists(token))
        {
            return null;
        }
        var server = new UriBuilder(Uri.UriSchemeHttps, host, ushort.TryParse(port, out var number) ? number : 443);
        return new KubernetesClientConfiguration
        {
            Server = server.Uri,
            Cluster = new KubeconfigCluster("in-cluster", options.ServiceAccountFolder)
            {
                Server = server.Uri.AbsoluteUri,
                CertificateAuthority = File.Exists(authority) ? authority : null,
            },
            User = new KubeconfigUser("service account", options.ServiceAccountFolder) { TokenFile = token },
            Namespace = options.Namespace ?? ReadNamespace(options.ServiceAccountFolder) ?? "default",
        };
    }

    private static string? ReadNamespace(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "namespace")).Trim() is { Length: > 0 } name ? name : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
