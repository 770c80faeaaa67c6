using System.Management.Automation;
using Telepresence.Client.Objects;

namespace Telepresence.PowerShell.Engagements;

/// <summary>Copies a workload's traffic to this machine; the pod goes on answering.</summary>
[Cmdlet(VerbsCommon.New, "TelepresenceWiretap", SupportsShouldProcess = true)]
[OutputType(TypeNames.Engagement)]
public sealed class NewTelepresenceWiretapCommand : ServiceCmdlet
{
    private protected override EngagementKind Kind => EngagementKind.Wiretap;

    private protected override string Activity => "Wiretapping";
}
