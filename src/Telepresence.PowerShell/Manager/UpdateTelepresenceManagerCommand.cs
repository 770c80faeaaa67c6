using System.Management.Automation;
using Telepresence.Client.Contract;

namespace Telepresence.PowerShell.Manager;

/// <summary>Changes the traffic-manager of a cluster; values that are not named stay as they are.</summary>
[Cmdlet(VerbsData.Update, "TelepresenceManager", SupportsShouldProcess = true)]
[OutputType(TypeNames.ManagerObject)]
public sealed class UpdateTelepresenceManagerCommand : ManagerValuesCmdlet
{
    /// <summary>Begins with the defaults, not with the present values.</summary>
    [Parameter]
    public SwitchParameter ResetValues { get; set; }

    private protected override string Method => EngineMethods.Update;
    private protected override string Activity => "Update";

    private protected override InstallationParameters Parameters => base.Parameters with { ResetValues = ResetValues };
}
