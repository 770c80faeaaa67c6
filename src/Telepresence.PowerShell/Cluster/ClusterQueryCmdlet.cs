using System.Management.Automation;
using Telepresence.Client.Contract;

namespace Telepresence.PowerShell.Cluster;

/// <summary>Asks what a kubeconfig, or the cluster that it leads to, has.</summary>
public abstract class ClusterQueryCmdlet : TelepresenceCmdlet
{
    /// <summary>Kubeconfig file; without it KUBECONFIG, else .kube/config of the home directory.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Kubeconfig { get; set; }

    private protected ClusterSelection Selection(string? context) =>
        Complete(new ClusterSelection { Kubeconfig = Kubeconfig, Context = context });
}
