using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Dns;

/// <summary>Resolves a name as programs on this machine get it, with the real address beside it.</summary>
[Cmdlet(VerbsDiagnostic.Resolve, "TelepresenceName")]
[OutputType(TypeNames.DnsRecord)]
public sealed class ResolveTelepresenceNameCommand : TelepresenceCmdlet
{
    /// <summary>Names to resolve.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("DnsName", "HostName")]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Record type; without it A and AAAA.</summary>
    [Parameter(Position = 1)]
    [ValidateSet("A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT")]
    public string? Type { get; set; }

    /// <summary>Name of a session; without it the first that knows the name.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    /// <summary>Gives up after so many seconds.</summary>
    [Parameter]
    [ValidateRange(0.001, 86_400)]
    public double? TimeoutSeconds { get; set; }

    private protected override double? Limit => TimeoutSeconds;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var name in Name)
        {
            Run(
                async cancellationToken =>
                {
                    var engine =
                        await TryGetNetworkEngineAsync(cancellationToken)
                        ?? throw ErrorCatalogue.Error(ErrorId.SessionNotFound, Session, ("session", Session ?? "*"));
                    Emit(
                        await engine.ResolveAsync(
                            new ResolveParameters(name, Type?.ToUpperInvariant(), Session, TimeoutSeconds),
                            cancellationToken
                        )
                    );
                },
                name
            );
        }
    }
}
