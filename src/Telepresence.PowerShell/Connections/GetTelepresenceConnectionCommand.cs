using System.Management.Automation;

namespace Telepresence.PowerShell.Connections;

/// <summary>Connections from this machine into the cluster.</summary>
[Cmdlet(VerbsCommon.Get, "TelepresenceConnection", DefaultParameterSetName = FilterSet)]
[OutputType(TypeNames.Connection)]
public sealed class GetTelepresenceConnectionCommand : ConnectionCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(async cancellationToken => Emit(await FindAsync(cancellationToken)), Session);
}
