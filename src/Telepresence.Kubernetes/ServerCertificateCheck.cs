using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Telepresence.Kubernetes;

/// <summary>Checks the API server's certificate against the kubeconfig's authority, and says exactly what is wrong with it.</summary>
internal sealed class ServerCertificateCheck
{
    private readonly KubernetesClientConfiguration _configuration;
    private readonly X509Certificate2Collection? _authorities;

    /// <exception cref="KubernetesException">KubeconfigInvalid: the authority cannot be read.</exception>
    public ServerCertificateCheck(KubernetesClientConfiguration configuration)
    {
        _configuration = configuration;
        _authorities = LoadAuthorities(configuration.Cluster);
    }

    /// <summary>
    /// For <see cref="RemoteCertificateValidationCallback"/>. Throws instead of answering false, because the handshake would
    /// otherwise report "invalid according to the validation procedure" and nothing else.
    /// </summary>
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        return _configuration.Cluster.InsecureSkipTlsVerify || IsTrusted(certificate, chain, errors);
    }

    private bool IsTrusted(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 leaf)
        {
            throw Untrusted("it showed no certificate");
        }
        if (_authorities is not null)
        {
            CheckChain(leaf, chain);
        }
        else if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            Explain(leaf, chain?.ChainStatus ?? []);
        }
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            var name = _configuration.Cluster.TlsServerName ?? _configuration.Server.Host;
            throw Untrusted(
                $"its certificate ({leaf.Subject}) is not for '{name}'",
                "Give the name with -TlsServerName."
            );
        }
        return true;
    }

    private void CheckChain(X509Certificate2 leaf, X509Chain? presented)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities!);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        foreach (var element in presented?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        }
        if (!chain.Build(leaf))
        {
            Explain(leaf, chain.ChainStatus);
        }
    }

    private void Explain(X509Certificate2 leaf, X509ChainStatus[] statuses)
    {
        // An expired certificate of an unknown authority is above all unknown.
        var others = statuses.Where(s =>
            s.Status is not (X509ChainStatusFlags.NotTimeValid or X509ChainStatusFlags.NoError)
        );
        if (others.FirstOrDefault() is { Status: not X509ChainStatusFlags.NoError } other)
        {
            throw Untrusted($"{other.StatusInformation.Trim()} ({leaf.Subject}, issued by {leaf.Issuer})");
        }
        throw new KubernetesException(
            KubernetesErrorId.CertificateExpired,
            "SecurityError",
            $"The certificate of API server {_configuration.Server} is valid from {leaf.NotBefore:u} to {leaf.NotAfter:u} "
                + "only, or one of its authorities has expired. Renew it, or check this machine's clock.",
            "kubectl config view --minify"
        );
    }

    private KubernetesException Untrusted(string why, string? next = null) =>
        new(
            KubernetesErrorId.CertificateUntrusted,
            "SecurityError",
            $"API server {_configuration.Server} (cluster '{_configuration.Cluster.Name}' in {_configuration.Cluster.File}) "
                + $"is not trusted: {why}. "
                + (
                    next
                    ?? "Correct certificate-authority(-data) there; for a throw-away cluster use -SkipCertificateCheck."
                ),
            "kubectl config view --minify"
        );

    private static X509Certificate2Collection? LoadAuthorities(KubeconfigCluster cluster)
    {
        if (cluster is { CertificateAuthority: null, CertificateAuthorityData: null })
        {
            return null;
        }
        try
        {
            var pem = cluster.CertificateAuthorityData is { } data
                ? Encoding.UTF8.GetString(Convert.FromBase64String(data))
                : File.ReadAllText(cluster.CertificateAuthority!);
            X509Certificate2Collection authorities = [];
            authorities.ImportFromPem(pem);
            return authorities.Count > 0 ? authorities : throw new FormatException("no certificate in it");
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or FormatException or CryptographicException)
        {
            throw new KubernetesException(
                KubernetesErrorId.KubeconfigInvalid,
                "InvalidData",
                $"The certificate authority of cluster '{cluster.Name}' in {cluster.File} cannot be used: {e.Message}",
                "kubectl config view --minify",
                e
            );
        }
    }
}
