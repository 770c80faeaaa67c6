using System.Diagnostics;
using System.Text.Json;
using Telepresence.Client.Contract;
using Telepresence.Client.Launch;
using Telepresence.Client.Objects;
using Telepresence.E2ETests.Netns;
using Telepresence.E2ETests.Session;

namespace Telepresence.E2ETests.RealCluster;

/// <summary>
/// Our traffic-manager installed in a real cluster, and a workstation that reaches nothing but the API server, connected as a
/// user who may only what PROTOCOL §1.3 lists. Built by the first test that asks, since a fixture's own constructor cannot skip.
/// </summary>
public sealed class RealClusterFixture : IAsyncLifetime, IDisposable
{
    private readonly Lazy<Task> _starting;
    private Workstation? _workstation;
    private ClusterLink? _link;
    private EngineProcess? _administrator;

    public RealClusterFixture() => _starting = new Lazy<Task>(BuildAsync);

    internal Workstation Workstation => _workstation!;

    internal EngineProcess Engine { get; private set; } = null!;

    internal TelepresenceSession Session { get; private set; } = null!;

    /// <summary>From the call to the connected session.</summary>
    internal TimeSpan ConnectTime { get; private set; }

    /// <summary>Skips the calling test where something is missing.</summary>
    internal Task StartAsync()
    {
        ClusterUnderTest.Require();
        Workstation.RequireTools();
        return _starting.Value;
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_administrator is { } administrator)
        {
            await administrator.Client.ChangeManagerAsync(
                EngineMethods.Uninstall,
                Installation(),
                null,
                EngineProcess.Bound
            );
        }
        if (_workstation is not null)
        {
            await _workstation.DisposeAsync();
        }
    }

    public void Dispose() => _link?.Dispose();

    /// <summary>Waits until the session is in a state; take it before what leads to it.</summary>
    internal async Task StateAsync(SessionState wanted)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(TelepresenceSession session)
        {
            if (session.State == wanted)
            {
                reached.TrySetResult();
            }
        }
        Engine.Notifications.SessionChanged += Look;
        await reached.Task.WaitAsync(EngineProcess.Bound);
        Engine.Notifications.SessionChanged -= Look;
    }

    private async Task BuildAsync()
    {
        _workstation = await Workstation.StartAsync();
        var administrator = JsonDocument.Parse(
            ClusterUnderTest.Kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
        );
        var server = administrator.RootElement.GetProperty("clusters")[0].GetProperty("cluster");
        _link = new ClusterLink(_workstation, new Uri(server.GetProperty("server").GetString()!));
        ApplyWorkloads();
        await InstallAsync();
        var kubeconfig = WriteKubeconfig(server);
        ClusterUnderTest.Kubectl(
            "-n",
            ClusterUnderTest.Namespace,
            "rollout",
            "status",
            "deployment/web",
            "--timeout=120s"
        );

        Engine = await EngineProcess.StartAsync(_workstation);
        var begun = Stopwatch.GetTimestamp();
        Session = await Engine.Client.ConnectAsync(
            new ConnectParameters
            {
                Cluster = new ClusterSelection { Kubeconfig = kubeconfig },
                Namespace = ClusterUnderTest.Namespace,
                ManagerNamespace = ClusterUnderTest.ManagerNamespace,
                Subnets = new SubnetSelection(),
                TimeoutSeconds = 60,
            },
            null,
            EngineProcess.Bound
        );
        ConnectTime = Stopwatch.GetElapsedTime(begun);
    }

    private void ApplyWorkloads()
    {
        var file = Path.Combine(Workstation.Folder, "workloads.yaml");
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "RealCluster", "workloads.yaml"));
        File.WriteAllText(file, text.Replace("BULK_MIB", ClusterUnderTest.BulkMebibytes, StringComparison.Ordinal));
        ClusterUnderTest.Kubectl("apply", "-f", file);
    }

    private async Task InstallAsync()
    {
        _administrator = await EngineProcess.StartAsync(Workstation, EngineRole.User);
        await _administrator.Client.ChangeManagerAsync(
            EngineMethods.Install,
            Installation() with
            {
                Image = ClusterUnderTest.Image,
                Set =
                [
                    "prometheus.port=9090",
                    "clientRbac.create=true",
                    $"clientRbac.namespaces={{{ClusterUnderTest.Namespace}}}",
                    $"clientRbac.subjects[0].kind=ServiceAccount,clientRbac.subjects[0].name=developer,"
                        + $"clientRbac.subjects[0].namespace={ClusterUnderTest.Namespace}",
                ],
                TimeoutSeconds = 90,
            },
            null,
            EngineProcess.Bound
        );
    }

    private static InstallationParameters Installation() =>
        new()
        {
            Cluster = new ClusterSelection { Kubeconfig = ClusterUnderTest.Kubeconfig },
            ManagerNamespace = ClusterUnderTest.ManagerNamespace,
        };

    /// <summary>The administrator's cluster, and the developer's token.</summary>
    private string WriteKubeconfig(JsonElement cluster)
    {
        var token = ClusterUnderTest.Kubectl(
            "-n",
            ClusterUnderTest.Namespace,
            "create",
            "token",
            "developer",
            "--duration=2h"
        );
        var file = Path.Combine(Workstation.Home, "kubeconfig");
        File.WriteAllText(
            file,
            $$$"""
            {"apiVersion": "v1", "kind": "Config", "current-context": "real",
             "clusters": [{"name": "real", "cluster": {{{cluster.GetRawText()}}}}],
             "users": [{"name": "developer", "user": {"token": "{{{token}}}"}}],
             "contexts": [{"name": "real", "context": {"cluster": "real", "user": "developer", "namespace": "demo"}}]}
            """
        );
        return file;
    }
}
