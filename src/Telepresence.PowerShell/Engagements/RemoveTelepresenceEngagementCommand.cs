using System.Management.Automation;
using Telepresence.Client.Objects;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Engagements;

/// <summary>Ends engagements; returns when nothing of them is left on this machine.</summary>
[Cmdlet(VerbsCommon.Remove, "TelepresenceEngagement", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveTelepresenceEngagementCommand : TelepresenceCmdlet
{
    /// <summary>Names, or wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(EngagementCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Name of a session; without it all.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IReadOnlyList<TelepresenceEngagement> found = [];
        Run(async cancellationToken =>
            found = await EngagementNames.FindAsync(
                await TryGetNetworkEngineAsync(cancellationToken),
                Session,
                Name,
                missing => EmitError(missing, missing.TargetObject),
                cancellationToken
            )
        );
        foreach (var engagement in found)
        {
            if (ShouldProcess(engagement.Name, "Remove"))
            {
                Run(
                    async cancellationToken =>
                    {
                        Tell($"removing '{engagement.Name}' of session '{engagement.Session}'");
                        var engine = await TryGetNetworkEngineAsync(cancellationToken);
                        await (
                            engine?.RemoveEngagementAsync(engagement.Session, engagement.Name, cancellationToken)
                            ?? Task.CompletedTask
                        );
                    },
                    engagement.Name
                );
            }
        }
    }
}
