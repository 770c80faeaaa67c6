using Telepresence.Client.Errors;

namespace Telepresence.UnitTests.Installation;

public sealed class ManagerRemovalTests : InstallationFixture
{
    [Fact]
    public async Task Deletes_what_was_installed_the_namespace_too_and_is_content_with_nothing()
    {
        await Installation.InstallAsync(
            Parameters with
            {
                Set =
                [
                    "namespaces={demo},clientRbac.create=true,clientRbac.subjects[0].kind=User,clientRbac.subjects[0].name=dev",
                ],
            },
            Progress,
            default
        );
        // What Kubernetes itself puts into each namespace.
        Cluster.Put(Tools + "/serviceaccounts/default", "{}");
        Cluster.Put(Tools + "/configmaps/kube-root-ca.crt", "{}");
        Cluster.Put(Tools + "/secrets/default-token-1", """{"type":"kubernetes.io/service-account-token"}""");
        Cluster.Put(Tools + "/pods/p", """{"metadata":{"labels":{"app":"traffic-manager"} } }""");
        var created = Cluster.Changes.Count;
        var result = await Removal.UninstallAsync(Parameters, Progress, default);
        Assert.Empty(result.Warnings);
        Assert.Equal(created, result.Objects.Count);
        Assert.Equal("Deployment", result.Objects[0].Kind);
        Assert.Equal("Namespace", result.Objects[^1].Kind);
        Assert.Contains(result.Objects, item => (item.Kind, item.Namespace) == ("Role", "demo"));
        Assert.False(Cluster.Has(DeploymentPath));
        Assert.Empty((await Removal.UninstallAsync(Parameters, Progress, default)).Objects);
    }

    [Fact]
    public async Task Objects_of_others_and_their_namespace_stay()
    {
        Cluster.Put(Tools, "{}");
        Cluster.Put(Tools + "/services/other", """{"metadata":{"labels":{"app":"traffic-manager"} } }""");
        Cluster.Put(
            Tools + "/configmaps/other-installation",
            """
            {"metadata":{"labels":{"app.kubernetes.io/managed-by":"telepresence-powershell","telepresence.io/manager-namespace":"elsewhere"}}}
            """
        );
        await Installation.InstallAsync(Parameters, Progress, default);
        await Removal.UninstallAsync(Parameters, Progress, default);
        Assert.True(Cluster.Has(Tools));
        Assert.True(Cluster.Has(Tools + "/services/other"));
        Assert.True(Cluster.Has(Tools + "/configmaps/other-installation"));
    }

    [Theory]
    [InlineData("/services/web", "service/web")]
    [InlineData("/secrets/mine", "secret/mine")]
    [InlineData("/pods/lone", "pod/lone")]
    public async Task A_namespace_that_others_use_stays_with_a_word_why(string path, string name)
    {
        await Installation.InstallAsync(Parameters, Progress, default);
        Cluster.Put(Tools + path, "{}");
        var result = await Removal.UninstallAsync(Parameters, Progress, default);
        Assert.Contains(name, Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.True(Cluster.Has(Tools));
        Assert.DoesNotContain(result.Objects, item => item.Kind == "Namespace");
    }

    [Fact]
    public async Task A_dry_run_deletes_nothing()
    {
        await Installation.InstallAsync(Parameters, Progress, default);
        var result = await Removal.UninstallAsync(Parameters with { DryRun = true }, Progress, default);
        Assert.Contains(result.Objects, item => item.Kind == "Deployment");
        Assert.DoesNotContain(Cluster.Changes, change => change.StartsWith('-'));
    }

    [Fact]
    public async Task Missing_rights_are_told_before_anything_is_deleted()
    {
        await Installation.InstallAsync(Parameters, Progress, default);
        Cluster.Allows = right => right != "delete clusterroles";
        await RefusedAsync(ErrorId.InstallationForbidden, () => Removal.UninstallAsync(Parameters, Progress, default));
        Assert.DoesNotContain(Cluster.Changes, change => change.StartsWith('-'));
    }
}
