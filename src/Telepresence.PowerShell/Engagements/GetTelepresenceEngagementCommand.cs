using System.Management.Automation;
using Telepresence.Client.Objects;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Engagements;

/// <summary>The engagements of sessions.</summary>
[Cmdlet(VerbsCommon.Get, "TelepresenceEngagement")]
[OutputType(TypeNames.Engagement)]
public sealed class GetTelepresenceEngagementCommand : TelepresenceCmdlet
{
    /// <summary>Names, or wildcards; without it all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(EngagementCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>Only of these kinds.</summary>
    [Parameter]
    public EngagementKind[] Kind { get; set; } = [];

    /// <summary>Only of these workloads; names, or wildcards.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(WorkloadCompleter))]
    [SupportsWildcards]
    public string[] Workload { get; set; } = [];

    /// <summary>Name of a session; without it all.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(async cancellationToken =>
        {
            var found = await EngagementNames.FindAsync(
                await TryGetNetworkEngineAsync(cancellationToken),
                Session,
                Name,
                missing => EmitError(missing, missing.TargetObject),
                cancellationToken
            );
            Emit(
                found.Where(e => (Kind.Length == 0 || Kind.Contains(e.Kind)) && Wildcards.Match(Workload, e.Workload))
            );
        });
}
