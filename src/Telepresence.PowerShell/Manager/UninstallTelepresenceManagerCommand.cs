using System.Management.Automation;
using Telepresence.Client.Contract;

namespace Telepresence.PowerShell.Manager;

/// <summary>Removes the traffic-manager from a cluster, and nothing that others made.</summary>
[Cmdlet(
    VerbsLifecycle.Uninstall,
    "TelepresenceManager",
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.High
)]
[OutputType(TypeNames.ManagerObject)]
public sealed class UninstallTelepresenceManagerCommand : ManagerCmdlet
{
    private protected override string Method => EngineMethods.Uninstall;
    private protected override string Activity => "Uninstall";
}
