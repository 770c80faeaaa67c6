using System.Management.Automation;
using Telepresence.Client.Objects;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Routing;

/// <summary>Subnets of sessions and what is done with them.</summary>
[Cmdlet(VerbsCommon.Get, "TelepresenceSubnet")]
[OutputType(TypeNames.Subnet)]
public sealed class GetTelepresenceSubnetCommand : TelepresenceCmdlet
{
    /// <summary>Names of sessions, or wildcards; without it all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [SupportsWildcards]
    public string[] Session { get; set; } = [];

    /// <summary>Only these kinds.</summary>
    [Parameter]
    public SubnetKind[] Kind { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(async cancellationToken =>
        {
            var engine = await TryGetNetworkEngineAsync(cancellationToken);
            var sessions = await SessionNames.FindAsync(
                engine,
                Session,
                missing => EmitError(missing, missing.TargetObject),
                cancellationToken
            );
            foreach (var session in sessions)
            {
                var subnets = await engine!.SubnetsAsync(session.Name, cancellationToken);
                Emit(subnets.Where(s => Kind.Length == 0 || Kind.Contains(s.Kind)));
            }
        });
}
