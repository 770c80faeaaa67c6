using System.Management.Automation;
using System.Net;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Vnat;

/// <summary>Virtual addresses in use, with the real ones behind them.</summary>
[Cmdlet(VerbsCommon.Get, "TelepresenceVirtualAddress")]
[OutputType(TypeNames.VirtualAddress)]
public sealed class GetTelepresenceVirtualAddressCommand : TelepresenceCmdlet
{
    /// <summary>Only these, named by their virtual or their real address.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("VirtualAddress", "IPAddress", "RemoteAddress")]
    public string[] Address { get; set; } = [];

    /// <summary>Name of a session; without it all.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(
            async cancellationToken =>
            {
                if (await TryGetNetworkEngineAsync(cancellationToken) is not { } engine)
                {
                    return;
                }
                var wanted = Address.Where(a => a.Length > 0).Select(Addresses.Parse).ToList();
                var all = await engine.VirtualAddressesAsync(Session, cancellationToken);
                Emit(
                    all.Where(v =>
                        Address.Length == 0
                        || wanted.Contains(IPAddress.Parse(v.VirtualAddress))
                        || wanted.Contains(IPAddress.Parse(v.ClusterAddress))
                    )
                );
            },
            Session
        );
}
