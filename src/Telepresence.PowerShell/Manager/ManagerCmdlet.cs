using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Manager;

/// <summary>Changes a cluster's traffic-manager, as the user and without elevation.</summary>
public abstract class ManagerCmdlet : TelepresenceCmdlet
{
    /// <summary>Namespace of the traffic-manager; without it the one that a connect would look in.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("ManagerNamespace", "n")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>Context of the kubeconfig; without it the current one.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Context { get; set; }

    /// <summary>Kubeconfig file; without it KUBECONFIG, else .kube/config of the home directory.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Kubeconfig { get; set; }

    /// <summary>Drives the upstream chart with the helm in the PATH.</summary>
    [Parameter]
    public SwitchParameter UseHelm { get; set; }

    /// <summary>With -WhatIf: writes what would be done, as objects.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Gives up after so many seconds.</summary>
    [Parameter]
    [ValidateRange(1, 86_400)]
    public double? TimeoutSeconds { get; set; }

    /// <summary>One of <see cref="EngineMethods"/>.</summary>
    private protected abstract string Method { get; }

    /// <summary>Words for the question and for the progress: Installing, Updating.</summary>
    private protected abstract string Activity { get; }

    private protected virtual InstallationParameters Parameters =>
        new()
        {
            Cluster = Complete(new ClusterSelection { Kubeconfig = Kubeconfig, Context = Context }),
            ManagerNamespace = Namespace,
            UseHelm = UseHelm,
            TimeoutSeconds = TimeoutSeconds,
        };

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var cluster = Context is null ? "the current context" : $"context '{Context}'";
        var target = Namespace is null ? cluster : $"namespace '{Namespace}' of {cluster}";
        var go = ShouldProcess(
            $"{Activity} the traffic-manager in {target}.",
            $"{Activity} the traffic-manager in {target}?",
            MyInvocation.MyCommand.Name,
            out var reason
        );
        if (!go && !(reason == ShouldProcessReason.WhatIf && PassThru))
        {
            return;
        }
        var parameters = Parameters with { DryRun = !go };
        Run(cancellationToken => ChangeAsync(parameters, cancellationToken), Namespace, terminating: true);
    }

    private async Task ChangeAsync(InstallationParameters parameters, CancellationToken cancellationToken)
    {
        var engine = await GetUserEngineAsync(cancellationToken);
        var result = await engine.ChangeManagerAsync(
            Method,
            parameters,
            step =>
            {
                Tell(step.Status);
                Show(new ProgressRecord(0, Activity, step.Status) { PercentComplete = step.PercentComplete });
            },
            cancellationToken
        );
        Show(new ProgressRecord(0, Activity, "done") { RecordType = ProgressRecordType.Completed });
        foreach (var warning in result.Warnings)
        {
            Warn(warning);
        }
        Emit(result.Objects);
    }
}
