using System.Management.Automation;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Sessions;

/// <summary>The sessions of this user, whichever pwsh made them.</summary>
[Cmdlet(VerbsCommon.Get, "TelepresenceSession")]
[OutputType(TypeNames.Session)]
public sealed class GetTelepresenceSessionCommand : TelepresenceCmdlet
{
    /// <summary>Names of sessions, or wildcards; without it all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Session")]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(async cancellationToken =>
            Emit(
                await SessionNames.FindAsync(
                    await TryGetNetworkEngineAsync(cancellationToken),
                    Name,
                    missing => EmitError(missing, missing.TargetObject),
                    cancellationToken
                )
            )
        );
}
