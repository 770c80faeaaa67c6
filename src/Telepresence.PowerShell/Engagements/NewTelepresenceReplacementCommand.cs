using System.Management.Automation;
using Telepresence.Client.Objects;

namespace Telepresence.PowerShell.Engagements;

/// <summary>Puts this machine in the place of a workload's container.</summary>
[Cmdlet(VerbsCommon.New, "TelepresenceReplacement", SupportsShouldProcess = true)]
[OutputType(TypeNames.Engagement)]
public sealed class NewTelepresenceReplacementCommand : TrafficCmdlet
{
    private protected override EngagementKind Kind => EngagementKind.Replacement;

    private protected override string Activity => "Replacing";
}
