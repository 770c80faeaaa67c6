using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell;

/// <summary>Parameters that name a cluster and say what is routed, as Connect-Telepresence and Test-TelepresenceConflict share them.</summary>
public abstract class ClusterCmdlet : TelepresenceCmdlet
{
    private protected const string KubeconfigSet = "Kubeconfig";

    /// <summary>Context of the kubeconfig; without it the current one.</summary>
    [Parameter(Position = 0, ParameterSetName = KubeconfigSet, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Context { get; set; }

    /// <summary>Kubeconfig file; without it KUBECONFIG, else .kube/config of the home directory.</summary>
    [Parameter(ParameterSetName = KubeconfigSet, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Kubeconfig { get; set; }

    /// <summary>Cluster entry instead of the context's.</summary>
    [Parameter(ParameterSetName = KubeconfigSet)]
    [ValidateNotNullOrEmpty]
    public string? Cluster { get; set; }

    /// <summary>User entry instead of the context's.</summary>
    [Parameter(ParameterSetName = KubeconfigSet)]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>URL of the API server instead of the cluster entry's.</summary>
    [Parameter(ParameterSetName = KubeconfigSet)]
    [ValidateNotNullOrEmpty]
    public string? Server { get; set; }

    /// <summary>Bearer token instead of the user entry's credentials.</summary>
    [Parameter(ParameterSetName = KubeconfigSet)]
    [ValidateNotNullOrEmpty]
    public string? Token { get; set; }

    /// <summary>User to impersonate.</summary>
    [Parameter(ParameterSetName = KubeconfigSet)]
    [ValidateNotNullOrEmpty]
    public string? As { get; set; }

    /// <summary>Groups to impersonate.</summary>
    [Parameter(ParameterSetName = KubeconfigSet)]
    public string[] AsGroup { get; set; } = [];

    /// <summary>Server name to check the API server's certificate against.</summary>
    [Parameter(ParameterSetName = KubeconfigSet)]
    [ValidateNotNullOrEmpty]
    public string? TlsServerName { get; set; }

    /// <summary>Accepts any certificate of the API server.</summary>
    [Parameter(ParameterSetName = KubeconfigSet)]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>Namespace whose names need no suffix; without it the context's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("n")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string? Namespace { get; set; }

    /// <summary>Namespace of the traffic-manager; found without it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string? ManagerNamespace { get; set; }

    /// <summary>Subnets to translate: CIDRs, or also, service, pods, all.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SubnetCompleter))]
    public string[] Vnat { get; set; } = [];

    /// <summary>SUBNET=WORKLOAD: translated, and its traffic leaves through that workload's agent.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ProxyViaCompleter))]
    public string[] ProxyVia { get; set; } = [];

    /// <summary>Subnets or addresses routed into the cluster besides its own.</summary>
    [Parameter]
    public string[] AlsoProxy { get; set; } = [];

    /// <summary>Subnets or addresses that keep the route they have.</summary>
    [Parameter]
    public string[] NeverProxy { get; set; } = [];

    /// <summary>Subnets in which the cluster may override local routes.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SubnetCompleter))]
    public string[] AllowConflictingSubnet { get; set; } = [];

    /// <summary>Subnet that virtual addresses are taken from.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? VirtualSubnet { get; set; }

    /// <summary>Makes a conflict an error instead of a translation.</summary>
    [Parameter]
    public SwitchParameter NoAutoResolve { get; set; }

    /// <summary>Gives up after so many seconds.</summary>
    [Parameter]
    [ValidateRange(0.001, 86_400)]
    public double? TimeoutSeconds { get; set; }

    private protected override double? Limit => TimeoutSeconds;

    private protected ClusterSelection ClusterSelection =>
        Complete(
            new ClusterSelection
            {
                Kubeconfig = Kubeconfig,
                Context = Context,
                Cluster = Cluster,
                User = User,
                Server = Server,
                Token = Token,
                As = As,
                AsGroup = AsGroup,
                TlsServerName = TlsServerName,
                SkipCertificateCheck = SkipCertificateCheck,
            }
        );

    private protected SubnetSelection SubnetSelection =>
        new()
        {
            Vnat = Vnat,
            ProxyVia = ProxyVia,
            AlsoProxy = AlsoProxy,
            NeverProxy = NeverProxy,
            AllowConflictingSubnet = AllowConflictingSubnet,
            VirtualSubnet = VirtualSubnet,
            AutoResolveConflicts = NoAutoResolve ? false : null,
        };
}
