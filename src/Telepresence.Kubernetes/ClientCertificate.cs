using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Telepresence.Kubernetes;

/// <summary>A client certificate with its key, and the intermediate authorities to show with it.</summary>
internal sealed class ClientCertificate
{
    private ClientCertificate(X509Certificate2 leaf, X509Certificate2Collection chain) =>
        Context = SslStreamCertificateContext.Create(leaf, chain, offline: true);

    /// <summary>For the TLS handshake.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>Reads the one of a user entry; data wins over files.</summary>
    /// <returns>Null where the entry has none.</returns>
    /// <exception cref="KubernetesException">KubeconfigInvalid, CertificateExpired.</exception>
    public static ClientCertificate? Read(KubeconfigUser user, DateTimeOffset now)
    {
        if (user is { ClientCertificateData: null, ClientCertificate: null })
        {
            return null;
        }
        if (user is { ClientKeyData: null, ClientKey: null })
        {
            throw UserEntryCheck.Invalid(
                user,
                "its client-certificate has no client-key. Add client-key or client-key-data there."
            );
        }
        return Create(
            Text(user, "client-certificate", user.ClientCertificateData, user.ClientCertificate),
            Text(user, "client-key", user.ClientKeyData, user.ClientKey),
            user,
            now
        );
    }

    /// <exception cref="KubernetesException">KubeconfigInvalid, CertificateExpired.</exception>
    public static ClientCertificate Create(
        string certificatePem,
        string keyPem,
        KubeconfigUser user,
        DateTimeOffset now
    )
    {
        if (IsEncrypted(keyPem))
        {
            throw UserEntryCheck.Invalid(
                user,
                "its client-key is encrypted, and there is nobody to ask for the password. "
                    + "Decrypt it (openssl pkey -in KEY -out PLAIN), or use a credential plugin."
            );
        }
        X509Certificate2 leaf;
        X509Certificate2Collection chain = [];
        try
        {
            leaf = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            chain.ImportFromPem(certificatePem);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw UserEntryCheck.Invalid(
                user,
                $"its client-certificate and client-key do not make a pair: {e.Message} Log in to the cluster again.",
                e
            );
        }
        if (leaf.NotAfter.ToUniversalTime() < now.UtcDateTime)
        {
            var ended = leaf.NotAfter;
            leaf.Dispose();
            throw new KubernetesException(
                KubernetesErrorId.CertificateExpired,
                "AuthenticationError",
                $"The client certificate of user '{user.Name}' in {user.File} expired on {ended:u}. "
                    + "Log in to the cluster again.",
                "kubectl config view --minify"
            );
        }
        chain.RemoveAt(0);
        return new ClientCertificate(leaf, chain);
    }

    private static bool IsEncrypted(string keyPem) =>
        keyPem.Contains("BEGIN ENCRYPTED PRIVATE KEY", StringComparison.Ordinal)
        || keyPem.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal);

    private static string Text(KubeconfigUser user, string what, string? data, string? file)
    {
        try
        {
            return data is not null ? Encoding.UTF8.GetString(Convert.FromBase64String(data)) : File.ReadAllText(file!);
        }
        catch (FormatException e)
        {
            throw UserEntryCheck.Invalid(user, $"its {what}-data is not base64. Log in to the cluster again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw UserEntryCheck.Invalid(
                user,
                $"its {what} {file} cannot be read: {e.Message} Log in to the cluster again.",
                e
            );
        }
    }
}
