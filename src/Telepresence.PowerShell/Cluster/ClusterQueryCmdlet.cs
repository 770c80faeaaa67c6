using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Sessions;

namespace Telepresence.PowerShell.Cluster;

/// <summary>Asks what a kubeconfig, or the cluster that it leads to, has.</summary>
public abstract class ClusterQueryCmdlet : TelepresenceCmdlet
{
    /// <summary>Kubeconfig file; without it KUBECONFIG, else .kube/config of the home directory.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Kubeconfig { get; set; }

    private protected ClusterSelection Selection(string? context) =>
        UserContext.Complete(
            new ClusterSelection
            {
                Kubeconfig = Kubeconfig is null ? null : GetUnresolvedProviderPathFromPSPath(Kubeconfig),
                Context = context,
            },
            SessionState.Path.CurrentFileSystemLocation.ProviderPath,
            UserContext.ProcessEnvironment()
        );

    private protected static bool Matches(string[] patterns, string name) =>
        patterns.Length == 0
        || patterns.Any(pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(name));
}
