using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Engine.Installation;

namespace Telepresence.UnitTests.Installation;

public sealed class HelmReleaseTests : InstallationFixture
{
    private readonly string _programs = Directory.CreateTempSubdirectory("tp-helm-").FullName;

    private HelmRelease Helm => new(Services);

    [Fact]
    public void Arguments_are_arguments_and_no_shells()
    {
        var parameters = Parameters with
        {
            ValuesFiles = ["/a b.yaml"],
            Set = ["x=$(id)"],
            SetString = ["y=1"],
            Image = "localhost:5000/m:1.2",
            ChartVersion = "2.25.0",
            TimeoutSeconds = 90,
            Cluster = new ClusterSelection { Context = "c d" },
        };
        Assert.Equal(
            [
                "install",
                "traffic-manager",
                HelmRelease.Chart,
                "--version",
                "2.25.0",
                "--values",
                "/a b.yaml",
                "--set",
                "x=$(id)",
                "--set-string",
                "y=1",
                "--set-string",
                @"image.registry=localhost:5000,image.name=m,image.tag=1\.2",
                "--create-namespace",
                "--namespace",
                "tools",
                "--wait",
                "--timeout",
                "90s",
                "--kube-context",
                "c d",
            ],
            HelmRelease.Arguments("install", "tools", parameters)
        );
        Assert.Contains("--reuse-values", HelmRelease.Arguments("upgrade", "tools", parameters));
        Assert.Contains(
            "--reset-values",
            HelmRelease.Arguments("upgrade", "tools", parameters with { ResetValues = true })
        );
        Assert.Equal(
            ["uninstall", "traffic-manager", "--namespace", "tools", "--wait", "--timeout", "300s"],
            HelmRelease.Arguments("uninstall", "tools", Parameters)
        );
    }

    [Fact]
    public async Task Runs_the_users_helm_with_the_users_environment_and_kubeconfig()
    {
        var said = Path.Combine(_programs, "said");
        WriteHelm($"printf '%s|' \"$@\" \"$KUBECONFIG\" \"$SHELL_VARIABLE\" > '{said}'");
        var result = await Helm.InstallAsync(WithPath(), Progress, default);
        var arguments = (await File.ReadAllTextAsync(said)).Split('|');
        Assert.Equal("install", arguments[0]);
        Assert.Equal([Parameters.Cluster.Kubeconfig!, "of the user", ""], arguments[^3..]);
        var release = Assert.Single(result.Objects);
        Assert.Equal(("Release", "traffic-manager", "tools"), (release.Kind, release.Name, release.Namespace));
        Assert.StartsWith("helm install traffic-manager oci://", release.Manifest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_helm_said_last_is_the_error()
    {
        WriteHelm("echo working; echo 'Error: chart not found' >&2; exit 3");
        var error = await RefusedAsync(ErrorId.HelmFailed, () => Helm.InstallAsync(WithPath(), Progress, default));
        Assert.Contains(
            "helm install failed (exit code 3): Error: chart not found.",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task No_helm_is_an_error_with_the_way_without_it() =>
        await RefusedAsync(ErrorId.HelmNotFound, () => Helm.InstallAsync(WithPath(), Progress, default));

    [Fact]
    public async Task What_helm_did_not_install_is_left_alone()
    {
        WriteHelm("exit 1");
        Assert.Empty((await Helm.UninstallAsync(WithPath(), Progress, default)).Objects);
        await RefusedAsync(ErrorId.ManagerNotInstalled, () => Helm.UpdateAsync(WithPath(), Progress, default));
        await Installation.InstallAsync(Parameters, Progress, default);
        var error = await RefusedAsync(
            ErrorId.ManagerOwnedByOther,
            () => Helm.UpdateAsync(WithPath(), Progress, default)
        );
        Assert.Contains("leave -UseHelm out", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_ends_helm()
    {
        // It says so once it runs, and ends only when it is asked to.
        var running = Path.Combine(_programs, "running");
        WriteHelm($"trap 'exit 1' TERM; mkfifo '{running}.wait'; : > '{running}'; read x < '{running}.wait'");
        using CancellationTokenSource stop = new();
        var installing = Helm.InstallAsync(WithPath(), Progress, stop.Token);
        using FileSystemWatcher watcher = new(_programs, "running");
        while (!File.Exists(running))
        {
            watcher.WaitForChanged(WatcherChangeTypes.Created, 100);
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => installing);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_programs, recursive: true);
    }

    private InstallationParameters WithPath() =>
        Parameters with
        {
            Cluster = Parameters.Cluster with
            {
                Environment = new Dictionary<string, string>
                {
                    ["PATH"] = $"{_programs}",
                    ["SHELL_VARIABLE"] = "of the user",
                },
            },
        };

    private void WriteHelm(string script)
    {
        var file = Path.Combine(_programs, "helm");
        File.WriteAllText(file, $"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
