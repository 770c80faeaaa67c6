using Telepresence.Client.Errors;

namespace Telepresence.Kubernetes;

/// <summary>Ids of <see cref="KubernetesException"/>: all of the catalogue.</summary>
internal static class KubernetesErrorId
{
    public const string KubeconfigNotFound = nameof(ErrorId.KubeconfigNotFound);
    public const string KubeconfigInvalid = nameof(ErrorId.KubeconfigInvalid);
    public const string ContextNotFound = nameof(ErrorId.ContextNotFound);
    public const string ClusterUnreachable = nameof(ErrorId.ClusterUnreachable);
    public const string CertificateExpired = nameof(ErrorId.CertificateExpired);
    public const string CertificateUntrusted = nameof(ErrorId.CertificateUntrusted);
    public const string CredentialPluginFailed = nameof(ErrorId.CredentialPluginFailed);
    public const string Unauthorized = nameof(ErrorId.Unauthorized);
    public const string Forbidden = nameof(ErrorId.Forbidden);
    public const string ManagerNotFound = nameof(ErrorId.ManagerNotFound);
    public const string ManagerUnavailable = nameof(ErrorId.ManagerUnavailable);
    public const string PortForwardForbidden = nameof(ErrorId.PortForwardForbidden);
    public const string PortForwardFailed = nameof(ErrorId.PortForwardFailed);

    /// <summary>An answer that is neither success nor one of the refusals above.</summary>
    public const string KubernetesApiError = nameof(ErrorId.KubernetesApiError);

    /// <summary>404 of an object.</summary>
    public const string KubernetesObjectNotFound = nameof(ErrorId.KubernetesObjectNotFound);
}
