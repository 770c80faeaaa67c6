using System.Management.Automation;
using Telepresence.Client.Errors;

namespace Telepresence.PowerShell.Connections;

/// <summary>Connections into the cluster as they open, change state and close.</summary>
[Cmdlet(VerbsCommon.Watch, "TelepresenceConnection", DefaultParameterSetName = FilterSet)]
[OutputType(TypeNames.ConnectionChange)]
public sealed class WatchTelepresenceConnectionCommand : ConnectionCmdlet
{
    /// <summary>Ends after so many seconds; without it with Ctrl+C or the last session.</summary>
    [Parameter(ParameterSetName = FilterSet)]
    [Alias("TimeoutSeconds")]
    [ValidateRange(0.001, 86_400)]
    public double? Duration { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        Run(
            async cancellationToken =>
            {
                using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                if (Duration is { } seconds)
                {
                    watching.CancelAfter(TimeSpan.FromSeconds(seconds));
                }
                try
                {
                    await WatchAsync(watching.Token);
                }
                catch (OperationCanceledException)
                    when (watching.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                {
                    Tell($"watched for {Duration} s");
                }
            },
            Session,
            terminating: true
        );

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var engine =
            await TryGetNetworkEngineAsync(cancellationToken)
            ?? throw ErrorCatalogue.Error(ErrorId.SessionNotFound, Session, ("session", Session ?? "*"));
        Tell("watching; Ctrl+C ends it");
        var filter = Filter;
        var told = 0L;
        await foreach (var changes in engine.WatchConnectionsAsync(Session, cancellationToken))
        {
            // What is missing in between was dropped because this pipeline did not keep up.
            if (changes.Lost > 0 || changes.Number != told + 1)
            {
                Warn("Some connections are not shown: they changed faster than they were taken.");
            }
            told = changes.Number;
            Emit(changes.Changes.Where(filter.Matches));
        }
    }
}
