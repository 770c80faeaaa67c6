namespace Telepresence.Engine.Kubernetes;

/// <summary>Ids of <see cref="KubernetesException"/>; part of the error catalogue, so never renamed.</summary>
internal static class KubernetesErrorId
{
    public const string KubeconfigNotFound = "KubeconfigNotFound";
    public const string KubeconfigInvalid = "KubeconfigInvalid";
    public const string ContextNotFound = "ContextNotFound";
    public const string ClusterUnreachable = "ClusterUnreachable";
    public const string CertificateExpired = "CertificateExpired";
    public const string CertificateUntrusted = "CertificateUntrusted";
    public const string CredentialPluginFailed = "CredentialPluginFailed";
    public const string Unauthorized = "Unauthorized";
    public const string Forbidden = "Forbidden";
    public const string KubernetesApiError = "KubernetesApiError";
    public const string KubernetesObjectNotFound = "KubernetesObjectNotFound";
    public const string ManagerNotFound = "ManagerNotFound";
    public const string ManagerNotReady = "ManagerNotReady";
    public const string PortForwardForbidden = "PortForwardForbidden";
    public const string PortForwardFailed = "PortForwardFailed";
}
