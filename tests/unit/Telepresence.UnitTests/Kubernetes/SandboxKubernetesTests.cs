using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Kubernetes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Sandbox;

namespace Telepresence.UnitTests.Kubernetes;

/// <summary>Against an API server that kubectl talks to as well.</summary>
public sealed class SandboxKubernetesTests
{
    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;

    private static KubernetesClient Client(SandboxCluster sandbox, TimeSpan? timeout = null) =>
        new(
            KubernetesClientConfiguration.BuildConfig(new KubeconfigOptions { Kubeconfig = sandbox.KubeconfigPath }),
            new KubernetesClientOptions { Timeout = timeout ?? TimeSpan.FromSeconds(60) }
        );

    [Theory]
    [InlineData(SandboxCredential.Token)]
    [InlineData(SandboxCredential.ClientCertificate)]
    public async Task Lists_locates_and_reaches_the_manager_through_the_port_forward(SandboxCredential credential)
    {
        await using var sandbox = await SandboxCluster.StartAsync(
            new SandboxOptions { Credential = credential },
            Deadline
        );
        using var client = Client(sandbox);
        var namespaces = await client.ListNamespaceAsync(Deadline);
        Assert.Contains("demo", namespaces.Items.Select(ns => ns.Metadata.Name));
        Assert.NotEmpty((await client.ListServiceForAllNamespacesAsync(Deadline)).Items);
        ManagerLocator locator = new(client, new PortForward(client));
        using GrpcChannel channel = new(async cancellationToken =>
            await locator.ConnectAsync("ambassador", TimeSpan.FromSeconds(60), cancellationToken)
        );
        using var call = new ManagerClient(channel).Version(new CallOptions(CancellationToken: Deadline));
        var version = await call;
        Assert.StartsWith("v2.", version.Version, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forbidden_port_forward_names_the_verb()
    {
        await using var sandbox = await SandboxCluster.StartAsync(
            new SandboxOptions { PortForward = PortForwardAccess.Forbidden },
            Deadline
        );
        using var client = Client(sandbox);
        var error = await Assert.ThrowsAsync<KubernetesException>(() =>
            new ManagerLocator(client, new PortForward(client)).ConnectAsync(
                "ambassador",
                TimeSpan.FromSeconds(60),
                Deadline
            )
        );
        Assert.Equal(KubernetesErrorId.PortForwardForbidden, error.ErrorId);
        Assert.Contains("'create'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PortForwardAccess.Allowed, null)]
    [InlineData(PortForwardAccess.Forbidden, "'create'")]
    [InlineData(PortForwardAccess.CreateOnly, null)]
    public async Task Whether_pods_may_be_linked_to_is_known_before(PortForwardAccess access, string? missing)
    {
        await using var sandbox = await SandboxCluster.StartAsync(
            new SandboxOptions { PortForward = access },
            Deadline
        );
        using var cluster = KubernetesClusterAccess.Open(
            new ClusterSelection { Kubeconfig = sandbox.KubeconfigPath },
            null,
            ClientConfiguration.Empty,
            TimeSpan.FromSeconds(60)
        );
        if (missing is not null)
        {
            var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
                cluster.RequirePodStreamsAsync("demo", Deadline)
            );
            Assert.True(error.Is(ErrorId.AgentLinksUnavailable), error.Message);
            Assert.Contains(missing, error.Message, StringComparison.Ordinal);
            return;
        }
        await cluster.RequirePodStreamsAsync("demo", Deadline);
        using var client = Client(sandbox);
        var manager = await new ManagerLocator(client, new PortForward(client)).LocateAsync("ambassador", Deadline);
        using GrpcChannel channel = new(async token =>
            await cluster.OpenPodStreamAsync(manager.Namespace, manager.Pod, manager.Port, token)
        );
        using var call = new ManagerClient(channel).Version(new CallOptions(CancellationToken: Deadline));
        Assert.StartsWith("v2.", (await call).Version, StringComparison.Ordinal);
        await Assert.ThrowsAsync<KubernetesException>(() =>
            cluster.OpenPodStreamAsync("demo", "no-such-pod", 80, Deadline)
        );
    }

    [Theory]
    [InlineData(ApiServerFault.ExpiredCertificate, KubernetesErrorId.CertificateExpired)]
    [InlineData(ApiServerFault.Refused, KubernetesErrorId.ClusterUnreachable)]
    [InlineData(ApiServerFault.Silent, KubernetesErrorId.ClusterUnreachable)]
    public async Task Faults_before_HTTP_are_told_apart(ApiServerFault fault, string id)
    {
        await using var sandbox = await SandboxCluster.StartAsync(
            new SandboxOptions { ApiServerFault = fault },
            Deadline
        );
        using var client = Client(sandbox, fault == ApiServerFault.Silent ? TimeSpan.FromSeconds(1) : null);
        var error = await Assert.ThrowsAsync<KubernetesException>(() => client.ListNamespaceAsync(Deadline));
        Assert.Equal(id, error.ErrorId);
        Assert.NotEmpty(error.RecommendedAction);
    }

    [Fact]
    public async Task A_cluster_without_a_manager_is_ManagerNotFound()
    {
        await using var sandbox = await SandboxCluster.StartAsync(
            new SandboxOptions { Manager = SandboxManager.None },
            Deadline
        );
        using var client = Client(sandbox);
        var error = await Assert.ThrowsAsync<KubernetesException>(() =>
            new ManagerLocator(client, new PortForward(client)).LocateAsync("ambassador", Deadline)
        );
        Assert.Equal(KubernetesErrorId.ManagerNotFound, error.ErrorId);
    }
}
