using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Kubernetes;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Installation;

public sealed class ManagerInstallationTests : InstallationFixture
{
    [Fact]
    public async Task Applies_in_order_and_keeps_the_values_when_it_runs()
    {
        var result = await Installation.InstallAsync(
            Parameters with
            {
                Set = ["logLevel=debug", "podCDIRs={10.0.0.0/8}"],
            },
            Progress,
            default
        );
        Assert.Equal(
            [
                "+ namespaces/tools",
                "+ serviceaccounts/traffic-manager",
                "+ clusterroles/traffic-manager-tools",
                "+ clusterrolebindings/traffic-manager-tools",
                "+ roles/traffic-manager",
                "+ rolebindings/traffic-manager",
                "+ configmaps/traffic-manager",
                "+ services/traffic-manager",
                "+ deployments/traffic-manager",
                "+ configmaps/traffic-manager-values",
            ],
            Cluster.Changes
        );
        Assert.All(result.Objects, item => Assert.Equal(ManagerObjectAction.Created, item.Action));
        Assert.Contains("kind: Deployment", result.Objects[^2].Manifest, StringComparison.Ordinal);
        Assert.Equal(["podCDIRs is not a known key; did you mean podCIDRs?"], result.Warnings);
        Assert.Contains("applying deployment/traffic-manager.tools", Steps);
    }

    [Fact]
    public async Task An_update_keeps_the_values_of_before_and_changes_nothing_else()
    {
        await Installation.InstallAsync(Parameters with { Set = ["logLevel=debug,apiPort=9000"] }, Progress, default);
        var before = Cluster.Changes.Count;
        var same = await Installation.UpdateAsync(Parameters, Progress, default);
        Assert.All(same.Objects, item => Assert.Equal(ManagerObjectAction.Unchanged, item.Action));
        Assert.Equal(before, Cluster.Changes.Count);
        await Installation.UpdateAsync(Parameters with { Set = ["apiPort=9001"] }, Progress, default);
        Assert.Equal(
            ["+ services/traffic-manager", "+ deployments/traffic-manager", "+ configmaps/traffic-manager-values"],
            Cluster.Changes.Skip(before)
        );
        Assert.Contains("debug", Cluster.Find(DeploymentPath)!.ToJsonString(), StringComparison.Ordinal);
        await Installation.UpdateAsync(Parameters with { ResetValues = true }, Progress, default);
        var deployment = Cluster.Find(DeploymentPath)!.ToJsonString();
        Assert.DoesNotContain("debug", deployment, StringComparison.Ordinal);
        Assert.DoesNotContain("9001", deployment, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_there_already_is_updated_and_not_installed()
    {
        await RefusedAsync(ErrorId.ManagerNotInstalled, () => Installation.UpdateAsync(Parameters, Progress, default));
        await Installation.InstallAsync(Parameters, Progress, default);
        await RefusedAsync(ErrorId.ManagerInstalled, () => Installation.InstallAsync(Parameters, Progress, default));
    }

    [Theory]
    [InlineData("Helm", "by helm", "-UseHelm")]
    [InlineData("kustomize", "neither by Install-TelepresenceManager nor by helm", "-Namespace")]
    public async Task What_others_installed_is_left_alone(string owner, string how, string way)
    {
        Cluster.Put(
            Tools + "/services/traffic-manager",
            $$"""{"metadata":{"labels":{"app.kubernetes.io/managed-by":"{{owner}}"} } }"""
        );
        foreach (var act in (Func<Task>[])[Install, Update, Uninstall])
        {
            var error = await RefusedAsync(ErrorId.ManagerOwnedByOther, act);
            Assert.Contains(how, error.Message, StringComparison.Ordinal);
            Assert.Contains(way, error.Message, StringComparison.Ordinal);
        }
        Assert.Empty(Cluster.Changes);

        Task Install() => Installation.InstallAsync(Parameters, Progress, default);
        Task Update() => Installation.UpdateAsync(Parameters, Progress, default);
        Task Uninstall() => Removal.UninstallAsync(Parameters, Progress, default);
    }

    [Fact]
    public async Task A_failure_takes_back_what_was_created_and_nothing_else()
    {
        Cluster.Put(Tools, "{}");
        Cluster.Put(Tools + "/serviceaccounts/traffic-manager", """{"metadata":{"labels":{"mine":"yes"} } }""");
        Cluster.Otherwise = (method, path) =>
            method == "PATCH" && path.EndsWith("/services/traffic-manager", StringComparison.Ordinal)
                ? (500, """{"kind":"Status","code":500,"message":"out of order"}""")
                : null;
        var error = await Assert.ThrowsAsync<KubernetesException>(() =>
            Installation.InstallAsync(Parameters, Progress, default)
        );
        Assert.Contains("out of order", error.Message, StringComparison.Ordinal);
        Assert.Equal(
            [
                "- configmaps/traffic-manager",
                "- rolebindings/traffic-manager",
                "- roles/traffic-manager",
                "- clusterrolebindings/traffic-manager-tools",
                "- clusterroles/traffic-manager-tools",
            ],
            Cluster.Changes.Where(change => change.StartsWith('-'))
        );
        Assert.True(Cluster.Has(Tools) && Cluster.Has(Tools + "/serviceaccounts/traffic-manager"));
    }

    [Theory]
    [InlineData("applying deployment")]
    [InlineData("waiting for the traffic-manager")]
    public async Task Stopping_takes_back_what_was_created(string at)
    {
        Cluster.DeploymentStatus = "{}";
        using CancellationTokenSource stop = new();
        OnStep = step =>
        {
            if (step.StartsWith(at, StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Installation.InstallAsync(Parameters, Progress, stop.Token)
        );
        Assert.False(Cluster.Has(Tools));
        Assert.Equal(
            Cluster.Changes.Count(change => change.StartsWith('+')),
            Cluster.Changes.Count(change => change.StartsWith('-'))
        );
    }

    [Fact]
    public async Task Missing_rights_are_printed_as_roles_before_anything_is_changed()
    {
        Cluster.Put(Tools, "{}");
        Cluster.Allows = right => right is not ("patch deployments" or "create clusterroles" or "patch clusterroles");
        var error = await RefusedAsync(
            ErrorId.InstallationForbidden,
            () => Installation.InstallAsync(Parameters, Progress, default)
        );
        Assert.Contains(
            """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: ClusterRole
            metadata:
              name: traffic-manager-installer-tools
            rules:
            - apiGroups:
              - rbac.authorization.k8s.io
              resources:
              - clusterroles
              verbs:
              - create
              - patch
            ---
            """.ReplaceLineEndings("\n"),
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("namespace: tools", error.Message, StringComparison.Ordinal);
        Assert.Empty(Cluster.Changes);
    }

    [Fact]
    public async Task Who_may_not_escalate_must_have_what_the_roles_grant()
    {
        Cluster.Put(Tools, "{}");
        Cluster.Allows = right => right is not ("escalate clusterroles" or "watch nodes");
        var error = await RefusedAsync(
            ErrorId.InstallationForbidden,
            () => Installation.InstallAsync(Parameters, Progress, default)
        );
        Assert.Contains(
            "rules:\n- apiGroups:\n  - \"\"\n  resources:\n  - nodes\n  verbs:\n  - watch\n",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("pods", error.Message, StringComparison.Ordinal);
        Cluster.Allows = right => right is not "watch nodes";
        await Installation.InstallAsync(Parameters, Progress, default);
    }

    [Fact]
    public async Task What_others_changed_is_an_error_that_names_them()
    {
        Cluster.Otherwise = (method, path) =>
            method == "PATCH" && path.EndsWith("/configmaps/traffic-manager", StringComparison.Ordinal)
                ? (
                    409,
                    """{"kind":"Status","code":409,"message":"conflict with \"kubectl-edit\" using v1: .data.client.yaml"}"""
                )
                : null;
        var error = await RefusedAsync(
            ErrorId.InstallationConflict,
            () => Installation.InstallAsync(Parameters, Progress, default)
        );
        Assert.Contains("configmap/traffic-manager.tools", error.Message, StringComparison.Ordinal);
        Assert.Contains("kubectl-edit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manager_that_does_not_run_is_left_to_be_looked_at_and_can_be_installed_over()
    {
        ManualTimeProvider time = new();
        Services = Services with { Time = time };
        Cluster.DeploymentStatus = "{}";
        Cluster.Put(
            Tools + "/pods/p",
            """
            {"metadata":{"labels":{"app":"traffic-manager","telepresence":"manager"}},
             "status":{"containerStatuses":[{"state":{"waiting":{"reason":"CrashLoopBackOff"}},
                                             "lastState":{"terminated":{"exitCode":2,"reason":"Error"}}}]}}
            """
        );
        Cluster.Otherwise = (_, path) =>
            path.EndsWith("/pods/p/log", StringComparison.Ordinal) ? (200, "SERVER_PORT makes no sense\n") : null;
        OnStep = step =>
        {
            if (step.StartsWith("waiting for the traffic-manager", StringComparison.Ordinal))
            {
                time.Advance(TimeSpan.FromSeconds(7));
            }
        };
        var error = await RefusedAsync(
            ErrorId.ManagerNotAvailable,
            () => Installation.InstallAsync(Parameters with { TimeoutSeconds = 5 }, Progress, default)
        );
        Assert.Contains("CrashLoopBackOff", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            "exit code 2 (Error); it said: SERVER_PORT makes no sense",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(Cluster.Changes, change => change.StartsWith('-'));
        Cluster.DeploymentStatus =
            """{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"availableReplicas":1}""";
        await Installation.InstallAsync(Parameters, Progress, default);
        Assert.True(Cluster.Has(Tools + "/configmaps/traffic-manager-values"));
    }

    [Fact]
    public async Task An_API_server_that_is_away_while_the_manager_starts_is_waited_for()
    {
        ManualTimeProvider time = new();
        Services = Services with { Time = time };
        var isApplied = false;
        Cluster.Otherwise = (method, path) =>
        {
            isApplied |= method == "PATCH" && path == DeploymentPath;
            return isApplied && method == "GET" && path == DeploymentPath ? (503, "{}") : null;
        };
        var installing = Installation.InstallAsync(Parameters, Progress, default);
        await time.TimerIsSetAsync(TimeSpan.FromSeconds(1));
        Cluster.Otherwise = (_, _) => null;
        time.Advance(TimeSpan.FromSeconds(1));
        await installing;
        Assert.Contains(
            Steps,
            step => step.StartsWith("waiting for the traffic-manager: GET", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_namespace_on_its_way_out_is_waited_for()
    {
        ManualTimeProvider time = new();
        Services = Services with { Time = time };
        Cluster.Put(Tools, """{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}""");
        var installing = Installation.InstallAsync(Parameters, Progress, default);
        await time.TimerIsSetAsync(TimeSpan.FromSeconds(1));
        Assert.Empty(Cluster.Changes);
        Cluster.Remove(Tools);
        time.Advance(TimeSpan.FromSeconds(1));
        await installing;
        Assert.Contains("waiting until the old namespace tools is gone", Steps);
        Assert.Equal("+ namespaces/tools", Cluster.Changes[0]);
    }

    [Fact]
    public async Task A_dry_run_tells_and_changes_nothing()
    {
        Cluster.Put(Tools, "{}");
        Cluster.Put(Tools + "/serviceaccounts/traffic-manager", "{}");
        var result = await Installation.InstallAsync(Parameters with { DryRun = true }, Progress, default);
        Assert.Empty(Cluster.Changes);
        Assert.Equal(
            [ManagerObjectAction.Unchanged, ManagerObjectAction.Configured, ManagerObjectAction.Created],
            result.Objects.Select(item => item.Action).Distinct()
        );
        // The namespace is somebody else's, and stays as it is.
        Assert.Contains(
            result.Objects,
            item => (item.Kind, item.Action) == ("Namespace", ManagerObjectAction.Unchanged)
        );
    }

    [Fact]
    public async Task An_administrator_of_the_namespace_alone_can_install_without_roles_of_the_cluster()
    {
        Cluster.Otherwise = (_, path) => path == Tools ? (403, """{"kind":"Status","code":403}""") : null;
        Cluster.Allows = right => !right.Contains("cluster", StringComparison.Ordinal) && !right.Contains("namespaces");
        await Installation.InstallAsync(Parameters with { Set = ["managerRbac.create=false"] }, Progress, default);
        Assert.Equal("+ serviceaccounts/traffic-manager", Cluster.Changes[0]);
        Assert.True(Cluster.Has(DeploymentPath));
    }

    [Fact]
    public async Task Who_may_not_look_is_told_all_rights_at_once_and_gets_the_manifests_for_somebody_who_may()
    {
        Cluster.Allows = _ => false;
        Cluster.Otherwise = (method, _) => method == "GET" ? (403, """{"kind":"Status","code":403}""") : null;
        var error = await RefusedAsync(
            ErrorId.InstallationForbidden,
            () => Installation.InstallAsync(Parameters, Progress, default)
        );
        foreach (var resource in (string[])["namespaces", "clusterrolebindings", "deployments", "services"])
        {
            Assert.Contains($"- {resource}\n", error.Message, StringComparison.Ordinal);
        }
        var plan = await Installation.InstallAsync(Parameters with { DryRun = true }, Progress, default);
        Assert.Contains(plan.Objects, item => item.Kind == "Deployment" && item.Manifest.Length > 0);
        Assert.Empty(Cluster.Changes);
    }
}
