using System.Management.Automation;
using Telepresence.Client.Contract;

namespace Telepresence.PowerShell.Manager;

/// <summary>Installs a traffic-manager in a cluster.</summary>
[Cmdlet(VerbsLifecycle.Install, "TelepresenceManager", SupportsShouldProcess = true)]
[OutputType(TypeNames.ManagerObject)]
public sealed class InstallTelepresenceManagerCommand : ManagerValuesCmdlet
{
    private protected override string Method => EngineMethods.Install;
    private protected override string Activity => "Install";
}
