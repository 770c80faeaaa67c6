using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Engagements;
using Telepresence.Client.Objects;

namespace Telepresence.PowerShell.Engagements;

/// <summary>Answers a workload's traffic on this machine.</summary>
[Cmdlet(VerbsCommon.New, "TelepresenceIntercept", SupportsShouldProcess = true)]
[OutputType(TypeNames.Engagement)]
public sealed class NewTelepresenceInterceptCommand : ServiceCmdlet
{
    /// <summary>What other clients are told of it, each NAME=VALUE.</summary>
    [Parameter]
    public string[] Metadata { get; set; } = [];

    private protected override EngagementRequest Request =>
        base.Request with
        {
            Metadata = HttpFilters.ParsePairs(Metadata, nameof(Metadata)),
        };

    private protected override EngagementKind Kind => EngagementKind.Intercept;

    private protected override string Activity => "Intercepting";
}
