using System.Management.Automation;
using System.Net;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.PowerShell.Routing;

/// <summary>Which way packets to an address go, as the operating system says, and why.</summary>
[Cmdlet(VerbsCommon.Find, "TelepresenceRoute")]
[OutputType(TypeNames.RouteDecision)]
[OutputType(typeof(bool))]
public sealed class FindTelepresenceRouteCommand : TelepresenceCmdlet
{
    /// <summary>Addresses to find the route of.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("RemoteAddress", "IPAddress", "IP4Address")]
    [AllowEmptyString]
    public string[] RemoteIPAddress { get; set; } = [];

    /// <summary>Port of the far side, for routing rules that depend on it.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(0, 65_535)]
    public int RemotePort { get; set; }

    /// <summary>Protocol, for routing rules that depend on it.</summary>
    [Parameter]
    public TransportProtocol? Protocol { get; set; }

    /// <summary>Quiet: true when the address is reached through Telepresence.</summary>
    [Parameter]
    public InformationLevel InformationLevel { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // Records without an address (CNAME of Resolve-TelepresenceName) come by pipeline too.
        foreach (var text in RemoteIPAddress.Where(text => text.Length > 0))
        {
            Run(
                async cancellationToken =>
                {
                    if (!IPAddress.TryParse(text, out var address))
                    {
                        throw ErrorCatalogue.Error(ErrorId.InvalidAddress, text, ("value", text));
                    }
                    var engine = await GetAnyEngineAsync(cancellationToken);
                    var decisions = await engine.FindRouteAsync(
                        new FindRouteParameters(
                            [address.ToString()],
                            Protocol ?? (RemotePort > 0 ? TransportProtocol.Tcp : null),
                            RemotePort
                        ),
                        cancellationToken
                    );
                    Emit(
                        InformationLevel == InformationLevel.Quiet
                            ? decisions.Select(d => (object)d.IsTelepresence)
                            : decisions
                    );
                },
                text
            );
        }
    }
}
