using System.Security.Cryptography.X509Certificates;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Engine.Installation;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session;
using Telepresence.UnitTests.Kubernetes;
using Telepresence.UnitTests.Session.Configuration;

namespace Telepresence.UnitTests.Installation;

/// <summary>An installation in namespace tools of a cluster of its own, and the steps it told.</summary>
public abstract class InstallationFixture : IAsyncDisposable
{
    private protected const string Tools = "api/v1/namespaces/tools";
    private protected const string DeploymentPath = "apis/apps/v1/namespaces/tools/deployments/traffic-manager";

    private readonly X509Certificate2 _certificate = FakeApiServer.CreateCertificate();
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-install-").FullName;
    private readonly FakeApiServer _server;

    protected InstallationFixture()
    {
        _server = new FakeApiServer(_certificate) { Answer = request => Cluster.Answer(request) };
        Parameters = new InstallationParameters
        {
            Cluster = new ClusterSelection { Kubeconfig = _server.WriteKubeconfig(_folder) },
            ManagerNamespace = "tools",
        };
    }

    private protected FakeCluster Cluster { get; } = new();

    private protected InstallationParameters Parameters { get; }

    private protected List<string> Steps { get; } = [];

    /// <summary>What a test does at a step.</summary>
    private protected Action<string> OnStep { get; set; } = _ => { };

    private protected SessionServices Services { get; set; } =
        ServicesOfAUser.With(new RoutingSnapshot([], [], [])) with
        {
            Time = TimeProvider.System,
        };

    private protected ManagerInstallation Installation => new(Services);

    private protected ManagerRemoval Removal => new(Services);

    private protected IProgress<InstallationStep> Progress =>
        new Relay<InstallationStep>(step =>
        {
            Steps.Add(step.Status);
            OnStep(step.Status);
        });

    private protected static async Task<TelepresenceException> RefusedAsync(ErrorId id, Func<Task> act)
    {
        var error = await Assert.ThrowsAsync<TelepresenceException>(act);
        Assert.True(error.Is(id), $"{error.Id}: {error.Message}");
        return error;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}
