using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.PowerShell.Routing;

/// <summary>What the cluster's subnets collide with on this machine. Changes nothing and needs no privilege.</summary>
[Cmdlet(VerbsDiagnostic.Test, "TelepresenceConflict", DefaultParameterSetName = KubeconfigSet)]
[OutputType(TypeNames.Conflict)]
[OutputType(typeof(bool))]
public sealed class TestTelepresenceConflictCommand : ClusterCmdlet
{
    private const string SubnetSet = "Subnet";

    /// <summary>Service subnets to test instead of asking a cluster.</summary>
    [Parameter(ParameterSetName = SubnetSet)]
    public string[] ServiceSubnet { get; set; } = [];

    /// <summary>Pod subnets to test instead of asking a cluster.</summary>
    [Parameter(Mandatory = true, ParameterSetName = SubnetSet)]
    public string[] PodSubnet { get; set; } = [];

    /// <summary>True when a connect would be refused, false when it would not.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(
            async cancellationToken =>
            {
                var engine = await GetAnyEngineAsync(cancellationToken);
                var conflicts = await engine.TestConflictAsync(
                    new ConflictParameters
                    {
                        Cluster = ParameterSetName == SubnetSet ? null : ClusterSelection,
                        Namespace = Namespace,
                        ManagerNamespace = ManagerNamespace,
                        ServiceSubnets = ServiceSubnet,
                        PodSubnets = PodSubnet,
                        Subnets = SubnetSelection,
                        TimeoutSeconds = TimeoutSeconds,
                    },
                    cancellationToken
                );
                if (Quiet)
                {
                    Emit(conflicts.Any(c => c.Severity == ConflictSeverity.Blocking));
                }
                else
                {
                    Emit(conflicts);
                }
            },
            Context,
            terminating: true
        );
}
