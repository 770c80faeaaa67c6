using Telepresence.Client.Diagnostics;

namespace Telepresence.UnitTests.Client.Diagnostics;

public class SecretRedactorTests
{
    private const string Secret = "s3cr3tS3cr3tS3cr3t";

    [Theory]
    [InlineData("token: " + Secret)]
    [InlineData("\"token\": \"" + Secret + "\"")]
    [InlineData("bearerToken=" + Secret)]
    [InlineData("client-key-data: " + Secret)]
    [InlineData("client-certificate-data: " + Secret)]
    [InlineData("\"id-token\":\"" + Secret + "\"")]
    [InlineData("PASSWORD = '" + Secret + "'")]
    [InlineData("client_secret=" + Secret + "&scope=x")]
    [InlineData("Authorization: Bearer " + Secret)]
    [InlineData("authorization: Basic " + Secret)]
    [InlineData("sent bearer " + Secret + " to")]
    [InlineData("https://me:" + Secret + "@proxy.example:8080/x")]
    [InlineData("https://" + Secret + "@proxy.example/")]
    [InlineData("eyJhbGciOiJSUzI1NiIs." + Secret + ".abc_def")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\n" + Secret + "\n-----END RSA PRIVATE KEY-----")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB\n" + Secret)]
    public void Takes_secrets_out(string text)
    {
        var redacted = SecretRedactor.Redact($"before {text} after");

        Assert.DoesNotContain(Secret, redacted, StringComparison.Ordinal);
        Assert.Contains(SecretRedactor.Mask, redacted, StringComparison.Ordinal);
        Assert.StartsWith("before ", redacted, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_line_of_base64_is_a_key_or_a_certificate()
    {
        var key = Convert.ToBase64String([.. Enumerable.Range(0, 90).Select(i => (byte)i)]);

        Assert.Equal($"data {SecretRedactor.Mask} end", SecretRedactor.Redact($"data {key} end"));
    }

    [Theory]
    [InlineData("10.96.0.0/16 via 192.0.2.254 dev vpn0")]
    [InlineData("2026-11-22T08:00:00.000Z Information EngineSession: Session a: Connected")]
    [InlineData(
        "https://127.0.0.1:6443/api/v1/namespaces/ambassador/pods/traffic-manager-6d4cf56db6-abcde/portforward"
    )]
    [InlineData("/home/someone/.cache/telepresence/logs/engine.log")]
    [InlineData("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    [InlineData("cluster.virtualIPSubnet: 246.246.0.0/16")]
    public void Leaves_the_rest(string text) => Assert.Equal(text, SecretRedactor.Redact(text));
}
