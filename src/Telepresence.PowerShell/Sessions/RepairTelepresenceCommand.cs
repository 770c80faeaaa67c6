using System.Management.Automation;

namespace Telepresence.PowerShell.Sessions;

/// <summary>Removes what a killed engine left.</summary>
[Cmdlet(VerbsDiagnostic.Repair, "Telepresence", SupportsShouldProcess = true)]
[OutputType(TypeNames.Repair)]
public sealed class RepairTelepresenceCommand : TelepresenceCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ShouldProcess("this machine", "Remove routes, rules, DNS settings and files that a killed engine left"))
        {
            Run(
                async cancellationToken =>
                {
                    var engine = await GetNetworkEngineAsync(cancellationToken);
                    Emit(await engine.RepairAsync(cancellationToken));
                },
                terminating: true
            );
        }
    }
}
