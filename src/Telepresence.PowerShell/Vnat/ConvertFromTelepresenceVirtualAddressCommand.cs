using System.Management.Automation;

namespace Telepresence.PowerShell.Vnat;

/// <summary>The real address behind a virtual one.</summary>
[Cmdlet(VerbsData.ConvertFrom, "TelepresenceVirtualAddress")]
[OutputType(TypeNames.VirtualAddress)]
public sealed class ConvertFromTelepresenceVirtualAddressCommand : ConvertVirtualAddressCmdlet
{
    /// <summary>Virtual addresses.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("RemoteAddress", "IPAddress")]
    [AllowEmptyString]
    public string[] VirtualAddress { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Convert(
            VirtualAddress,
            (engine, parameters, cancellationToken) => engine.ToClusterAsync(parameters, cancellationToken)
        );
}
