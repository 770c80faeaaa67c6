using System.Management.Automation;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.PowerShell.Completers;
using State = Telepresence.Client.Objects.SessionState;

namespace Telepresence.PowerShell.Sessions;

/// <summary>Waits until a session is in a state.</summary>
[Cmdlet(VerbsLifecycle.Wait, "TelepresenceSession")]
[OutputType(TypeNames.Session)]
public sealed class WaitTelepresenceSessionCommand : TelepresenceCmdlet
{
    /// <summary>Name of the session.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Session")]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>State to wait for.</summary>
    [Parameter(Position = 1)]
    public State State { get; set; } = State.Connected;

    /// <summary>Gives up after so many seconds; without it waits for ever.</summary>
    [Parameter]
    [ValidateRange(0.001, 86_400)]
    public double? TimeoutSeconds { get; set; }

    private protected override double? Limit => TimeoutSeconds;

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(
            async cancellationToken =>
            {
                Show(new ProgressRecord(0, "Waiting", $"session '{Name}' is not {State} yet"));
                var engine =
                    await TryGetNetworkEngineAsync(cancellationToken)
                    ?? throw ErrorCatalogue.Error(ErrorId.SessionNotFound, Name, ("session", Name));
                Emit(await engine.WaitAsync(new WaitParameters(Name, State, TimeoutSeconds), cancellationToken));
            },
            Name
        );
}
