using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Configuration;

/// <summary>Parameters that name the cluster whose configuration it is.</summary>
public abstract class ConfigurationCmdlet : TelepresenceCmdlet
{
    /// <summary>Context of the kubeconfig whose cluster it is about; without it the current one.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Context { get; set; }

    /// <summary>Kubeconfig file; without it KUBECONFIG, else .kube/config of the home directory.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Kubeconfig { get; set; }

    /// <summary>Namespace of the traffic-manager; found without it.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ManagerNamespace { get; set; }

    /// <summary>Gives up after so many seconds.</summary>
    [Parameter]
    [ValidateRange(0.001, 86_400)]
    public double? TimeoutSeconds { get; set; }

    private protected override double? Limit => TimeoutSeconds;

    private protected bool NamesCluster =>
        Context is not null || Kubeconfig is not null || ManagerNamespace is not null;

    private protected ClusterSelection ClusterSelection =>
        Complete(new ClusterSelection { Kubeconfig = Kubeconfig, Context = Context });
}
