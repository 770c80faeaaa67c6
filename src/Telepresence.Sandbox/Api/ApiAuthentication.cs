using System.Security.Cryptography;
using System.Text;

namespace Telepresence.Sandbox.Api;

/// <summary>Who a request comes from: a bearer token or a client certificate of the cluster's CA.</summary>
internal sealed class ApiAuthentication(CertificateAuthority authority, string token)
{
    public const string TokenUser = "sandbox-user";
    public const string Group = "system:masters";
    private const string Scheme = "Bearer ";
    private readonly byte[] _token = Encoding.ASCII.GetBytes(token);

    /// <summary>The user's name, or null when nothing proves one.</summary>
    public string? Identify(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            var presented = Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim());
            return CryptographicOperations.FixedTimeEquals(presented, _token) ? TokenUser : null;
        }
        return context.Connection.ClientCertificate is { } certificate && authority.HasIssued(certificate)
            ? certificate.GetNameInfo(System.Security.Cryptography.X509Certificates.X509NameType.SimpleName, false)
            : null;
    }
}
