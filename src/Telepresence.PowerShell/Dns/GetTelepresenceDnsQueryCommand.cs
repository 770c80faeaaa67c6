using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Dns;

/// <summary>DNS queries that the engine answered lately, newest last.</summary>
[Cmdlet(VerbsCommon.Get, "TelepresenceDnsQuery")]
[OutputType(TypeNames.DnsQuery)]
public sealed class GetTelepresenceDnsQueryCommand : TelepresenceCmdlet
{
    /// <summary>Name of a session; without it all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [Alias("Name")]
    public string? Session { get; set; }

    /// <summary>How many at most.</summary>
    [Parameter]
    [ValidateRange(1, 100_000)]
    public int Last { get; set; } = 100;

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(
            async cancellationToken =>
            {
                if (await TryGetNetworkEngineAsync(cancellationToken) is { } engine)
                {
                    Emit(await engine.DnsQueriesAsync(new DnsQueriesParameters(Session, Last), cancellationToken));
                }
            },
            Session
        );
}
