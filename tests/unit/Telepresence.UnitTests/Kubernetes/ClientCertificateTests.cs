using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Telepresence.Kubernetes;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Kubernetes;

public sealed class ClientCertificateTests : IDisposable
{
    private static readonly DateTimeOffset _now = DateTimeOffset.UtcNow;
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-kube-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string text)
    {
        var file = Path.Combine(_folder, name);
        File.WriteAllText(file, text);
        return file;
    }

    private static KubeconfigUser User => new("jane", "/kubeconfig");

    private static string Data(string pem) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pem));

    private static X509Certificate2 Self(AsymmetricAlgorithm key, string name, DateTimeOffset? start = null)
    {
        var request = key is RSA rsa
            ? new CertificateRequest($"CN={name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest($"CN={name}", (ECDsa)key, HashAlgorithmName.SHA256);
        var from = start ?? _now.AddHours(-1);
        return request.CreateSelfSigned(from, from.AddDays(1));
    }

    public static TheoryData<string> Keys => ["PKCS#1 RSA", "PKCS#8 RSA", "SEC1 EC", "PKCS#8 EC"];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Keys_of_all_usual_kinds_are_read_from_files_and_data(string kind)
    {
        using AsymmetricAlgorithm key = kind.EndsWith("RSA", StringComparison.Ordinal)
            ? RSA.Create(2048)
            : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Self(key, "jane");
        var pem = kind switch
        {
            "PKCS#1 RSA" => ((RSA)key).ExportRSAPrivateKeyPem(),
            // As openssl ecparam -genkey writes it, with the curve in front.
            "SEC1 EC" => "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
                + ((ECDsa)key).ExportECPrivateKeyPem(),
            _ => key.ExportPkcs8PrivateKeyPem(),
        };
        var certificatePem = certificate.ExportCertificatePem();
        var ofData = User with { ClientCertificateData = Data(certificatePem), ClientKeyData = Data(pem) };
        var ofFiles = User with { ClientCertificate = Write("c", certificatePem), ClientKey = Write("k", pem) };
        Assert.Equal("CN=jane", ClientCertificate.Read(ofData, _now)!.Context.TargetCertificate.Subject);
        Assert.True(ClientCertificate.Read(ofFiles, _now)!.Context.TargetCertificate.HasPrivateKey);
    }

    [Fact]
    public void Unusable_ones_are_refused_with_user_file_and_advice()
    {
        using var key = RSA.Create(2048);
        using var other = RSA.Create(2048);
        using var certificate = Self(key, "jane");
        var pem = certificate.ExportCertificatePem();
        var plain = key.ExportPkcs8PrivateKeyPem();
        var encrypted = key.ExportEncryptedPkcs8PrivateKeyPem(
            "x",
            new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)
        );
        (KubeconfigUser User, string Words)[] cases =
        [
            (User with { ClientCertificateData = Data(pem), ClientKeyData = Data(encrypted) }, "openssl pkey"),
            (
                User with
                {
                    ClientCertificateData = Data(pem),
                    ClientKeyData = Data("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"),
                },
                "openssl pkey"
            ),
            (User with { ClientCertificateData = Data(pem) }, "no client-key"),
            (
                User with
                {
                    ClientCertificateData = "%",
                    ClientKeyData = Data(plain),
                },
                "client-certificate-data is not base64"
            ),
            (User with { ClientCertificateData = Data(pem), ClientKeyData = "%" }, "client-key-data is not base64"),
            (User with { ClientCertificate = "/no/such", ClientKeyData = Data(plain) }, "/no/such"),
            (User with { ClientCertificateData = Data("x"), ClientKeyData = Data(plain) }, "do not make a pair"),
            (
                User with
                {
                    ClientCertificateData = Data(pem),
                    ClientKeyData = Data(other.ExportPkcs8PrivateKeyPem()),
                },
                "do not make a pair"
            ),
        ];
        foreach (var (user, words) in cases)
        {
            var error = Assert.Throws<KubernetesException>(() => ClientCertificate.Read(user, _now));
            Assert.Equal(KubernetesErrorId.KubeconfigInvalid, error.ErrorId);
            Assert.Contains("'jane' in /kubeconfig", error.Message, StringComparison.Ordinal);
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_expired_one_says_so()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Self(key, "jane", _now.AddDays(-3));
        var error = Assert.Throws<KubernetesException>(() =>
            ClientCertificate.Create(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem(), User, _now)
        );
        Assert.Equal(KubernetesErrorId.CertificateExpired, error.ErrorId);
    }

    [Fact]
    public async Task The_intermediate_authorities_are_shown_too_and_renewed_files_are_used()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Self(rootKey, "root");
        var between = new CertificateRequest("CN=between", authorityKey, HashAlgorithmName.SHA256);
        between.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var signer = X509SignatureGenerator.CreateForECDsa(rootKey);
        using var authority = between
            .Create(root.SubjectName, signer, root.NotBefore, root.NotAfter, [1])
            .CopyWithPrivateKey(authorityKey);

        string Issue(string name) =>
            new CertificateRequest($"CN={name}", leafKey, HashAlgorithmName.SHA256)
                .Create(
                    authority.SubjectName,
                    X509SignatureGenerator.CreateForECDsa(authorityKey),
                    root.NotBefore,
                    root.NotAfter,
                    [2]
                )
                .ExportCertificatePem()
            + "\n"
            + authority.ExportCertificatePem();

        var file = Write("c", Issue("first"));
        var key = Write("k", leafKey.ExportPkcs8PrivateKeyPem());
        using var serverCertificate = FakeApiServer.CreateCertificate();
        await using FakeApiServer server = new(serverCertificate)
        {
            AsksForCertificate = true,
            Answer = _ => (200, """{"items":[]}"""),
        };
        var time = new ManualTimeProvider();
        time.Advance(_now - DateTimeOffset.UnixEpoch);
        using KubernetesClient client = new(
            KubernetesClientConfiguration.BuildConfig(
                new KubeconfigOptions
                {
                    Kubeconfig = server.WriteKubeconfig(_folder, user: "client-certificate: c, client-key: k"),
                }
            ),
            new KubernetesClientOptions { Time = time }
        );
        await client.ListNamespaceAsync();
        await File.WriteAllTextAsync(file, Issue("second"));
        File.SetLastWriteTimeUtc(file, _now.UtcDateTime.AddMinutes(1));
        time.Advance(TimeSpan.FromSeconds(30));
        await client.ListNamespaceAsync();
        Assert.Equal("CN=first", Assert.Single(server.ClientCertificates).Subject);
        time.Advance(TimeSpan.FromSeconds(30));
        await client.ListNamespaceAsync();
        Assert.Equal(["CN=first", "CN=second"], server.ClientCertificates.Select(c => c.Subject));
        Assert.All(server.ClientCertificates, c => Assert.Contains("CN=between", c.Sent));
        Assert.NotEmpty(key);
    }
}
