using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Telepresence.E2ETests.Vpn;

/// <summary>One end of a VPN: a key and a self-signed certificate that the other end knows by its fingerprint.</summary>
internal sealed class VpnPeer : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public VpnPeer(string name)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        var now = DateTimeOffset.UtcNow;
        _certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }

    /// <summary>As openvpn(8) writes it.</summary>
    public string Fingerprint =>
        string.Join(':', _certificate.GetCertHash(HashAlgorithmName.SHA256).Select(b => b.ToString("X2", null)));

    /// <summary>This end's part of an openvpn configuration that trusts <paramref name="other"/> alone.</summary>
    public string ConfigurationToTrust(VpnPeer other) =>
        $"""
            <peer-fingerprint>
            {other.Fingerprint}
            </peer-fingerprint>
            <cert>
            {_certificate.ExportCertificatePem()}
            </cert>
            <key>
            {_key.ExportPkcs8PrivateKeyPem()}
            </key>

            """;

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }
}
