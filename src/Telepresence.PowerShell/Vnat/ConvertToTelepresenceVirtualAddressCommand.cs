using System.Management.Automation;

namespace Telepresence.PowerShell.Vnat;

/// <summary>The virtual address to connect to, of a cluster address.</summary>
[Cmdlet(VerbsData.ConvertTo, "TelepresenceVirtualAddress")]
[OutputType(TypeNames.VirtualAddress)]
public sealed class ConvertToTelepresenceVirtualAddressCommand : ConvertVirtualAddressCmdlet
{
    /// <summary>Real addresses in the cluster.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("IPAddress")]
    [AllowEmptyString]
    public string[] ClusterAddress { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Convert(
            ClusterAddress,
            (engine, parameters, cancellationToken) => engine.ToVirtualAsync(parameters, cancellationToken)
        );
}
