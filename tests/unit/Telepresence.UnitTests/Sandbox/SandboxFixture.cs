using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Telepresence.Sandbox;

namespace Telepresence.UnitTests.Sandbox;

/// <summary>One dual-stack sandbox for the tests that only look at it.</summary>
public sealed class SandboxFixture : IAsyncLifetime
{
    public SandboxCluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync() =>
        Cluster = await SandboxCluster.StartAsync(
            new SandboxOptions
            {
                ServiceSubnets = [SandboxOptions.DefaultServiceSubnet, SandboxOptions.DefaultServiceSubnet6],
                PodSubnets = [SandboxOptions.DefaultPodSubnet, SandboxOptions.DefaultPodSubnet6],
            }
        );

    public async Task DisposeAsync() => await Cluster.DisposeAsync();

    public static HttpClient Client(SandboxCluster cluster, bool authorized = true)
    {
        var client = new HttpClient(Handler(cluster)) { BaseAddress = cluster.ApiServer };
        if (authorized)
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", cluster.Token);
        }
        return client;
    }

    /// <summary>Trusts the CA of the kubeconfig, and no other.</summary>
    public static SocketsHttpHandler Handler(SandboxCluster cluster)
    {
        const string Key = "certificate-authority-data: ";
        var line = File.ReadLines(cluster.KubeconfigPath).Single(l => l.Contains(Key, StringComparison.Ordinal));
        var pem = Encoding.ASCII.GetString(Convert.FromBase64String(line.Trim()[Key.Length..]));
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(pem));
        return new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = policy } };
    }

    public static IPEndPoint Service(SandboxCluster cluster, string name, int port) =>
        new(cluster.ServiceAddress(name), port);
}
