using System.Management.Automation;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Sessions;

/// <summary>Ends sessions; returns when nothing of them is left.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "Telepresence", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class DisconnectTelepresenceCommand : TelepresenceCmdlet
{
    /// <summary>Names of sessions, or wildcards; without it the only session.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Session")]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>Gives up waiting after so many seconds.</summary>
    [Parameter]
    [ValidateRange(0.001, 86_400)]
    public double? TimeoutSeconds { get; set; }

    private protected override double? Limit => TimeoutSeconds;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IReadOnlyList<TelepresenceSession> sessions = [];
        Run(async cancellationToken =>
        {
            var engine = await TryGetNetworkEngineAsync(cancellationToken);
            sessions = await SessionNames.FindAsync(
                engine,
                Name,
                missing => EmitError(missing, missing.TargetObject),
                cancellationToken
            );
        });
        if (Name.Length == 0 && sessions.Count > 1)
        {
            WriteError(
                ErrorRecords.From(
                    ErrorCatalogue.Error(
                        ErrorId.SessionAmbiguous,
                        null,
                        ("sessions", string.Join(", ", sessions.Select(s => s.Name)))
                    ),
                    null
                )
            );
            return;
        }
        foreach (var session in sessions)
        {
            if (ShouldProcess(session.Name, "Disconnect"))
            {
                Run(
                    async cancellationToken =>
                    {
                        Tell($"disconnecting '{session.Name}'");
                        var engine = await TryGetNetworkEngineAsync(cancellationToken);
                        await (engine?.DisconnectAsync(session.Name, cancellationToken) ?? Task.CompletedTask);
                    },
                    session.Name
                );
            }
        }
    }
}
