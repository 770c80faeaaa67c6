using System.Management.Automation;
using Telepresence.Client.Objects;

namespace Telepresence.PowerShell.Engagements;

/// <summary>Brings environment and volumes of a workload's container here.</summary>
[Cmdlet(VerbsCommon.New, "TelepresenceIngest", SupportsShouldProcess = true)]
[OutputType(TypeNames.Engagement)]
public sealed class NewTelepresenceIngestCommand : EngagementCmdlet
{
    private protected override EngagementKind Kind => EngagementKind.Ingest;

    private protected override string Activity => "Ingesting";
}
