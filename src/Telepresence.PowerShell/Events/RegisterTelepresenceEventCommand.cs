using System.Management.Automation;
using Telepresence.Client.Errors;
using Telepresence.Client.Events;
using Telepresence.PowerShell.Completers;

namespace Telepresence.PowerShell.Events;

/// <summary>Subscribes to what happens in the engine, as events of PowerShell's own queue.</summary>
[Cmdlet(VerbsLifecycle.Register, "TelepresenceEvent")]
[OutputType(typeof(PSEventSubscriber))]
[OutputType(typeof(PSEventJob))]
public sealed class RegisterTelepresenceEventCommand : TelepresenceCmdlet
{
    /// <summary>What to listen to.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public TelepresenceEventName EventName { get; set; }

    /// <summary>Runs with each event, which is $Event there; without it events wait in the queue for Wait-Event and Get-Event.</summary>
    [Parameter(Position = 1)]
    public ScriptBlock? Action { get; set; }

    /// <summary>Name of the subscription; without it Telepresence.EVENT, or Telepresence.EVENT.SESSION.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? SourceIdentifier { get; set; }

    /// <summary>Name of a session; without it all, also later ones.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Session { get; set; }

    /// <summary>Goes with each event, as $Event.MessageData.</summary>
    [Parameter]
    public PSObject? MessageData { get; set; }

    /// <summary>Unsubscribes after so many events; 0: never.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int MaxTriggerCount { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var identifier =
            SourceIdentifier ?? (Session is null ? $"Telepresence.{EventName}" : $"Telepresence.{EventName}.{Session}");
        if (Events.GetEventSubscribers(identifier).Any())
        {
            WriteError(ErrorRecords.From(Taken(identifier), identifier));
            return;
        }
        var source = new EngineEvents(Engines, Session, TimeProvider.System);
        var subscriber = Events.SubscribeEvent(
            source,
            EventName.ToString(),
            identifier,
            MessageData,
            Action,
            supportEvent: false,
            forwardEvent: false,
            MaxTriggerCount
        );
        EventSources.Add(source, Events, subscriber);
        var started = false;
        Run(async cancellationToken =>
        {
            await source.StartAsync(cancellationToken);
            started = true;
        });
        if (!started)
        {
            Events.UnsubscribeEvent(subscriber);
            return;
        }
        WriteObject(subscriber.Action is { } job ? job : subscriber);
    }

    private static TelepresenceException Taken(string identifier) =>
        ErrorCatalogue.Error(ErrorId.SubscriptionExists, identifier, ("identifier", identifier));
}
