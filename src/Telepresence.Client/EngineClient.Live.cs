using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.Client;

/// <summary>What goes on for as long as somebody looks.</summary>
public sealed partial class EngineClient
{
    /// <summary>Batches that wait for a slow reader; the oldest are dropped and counted past it.</summary>
    private const int MaximumQueuedChanges = 1024;

    /// <summary>What the engine tells on this connection.</summary>
    internal EngineNotifications Notifications => notifications;

    /// <summary>Completes when the connection to the engine has ended.</summary>
    internal Task Completion => connection.Completion;

    /// <summary>Milliseconds that each of some small calls to the traffic-manager took.</summary>
    public Task<double[]> PingAsync(PingParameters parameters, CancellationToken cancellationToken) =>
        connection.InvokeAsync<PingParameters, double[]>(EngineMethods.Ping, parameters, cancellationToken);

    /// <summary>Changes what is logged.</summary>
    public Task SetLogLevelAsync(LogLevelParameters parameters, CancellationToken cancellationToken) =>
        connection.InvokeAsync(EngineMethods.SetLogLevel, parameters, cancellationToken);

    /// <summary>Policy rules of the machine, as <c>ip rule</c> shows them.</summary>
    public Task<string[]> RulesAsync(CancellationToken cancellationToken) =>
        connection.InvokeAsync<SessionParameters, string[]>(
            EngineMethods.Rules,
            new SessionParameters(),
            cancellationToken
        );

    /// <summary>Captures packets until the duration, the session or the call ends.</summary>
    public async Task<TelepresenceTrace> TraceAsync(
        TraceParameters parameters,
        Action<TraceProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var operation = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);

        void OnProgressed(TraceProgress step)
        {
            if (step.Operation == operation)
            {
                progress?.Invoke(step);
            }
        }

        notifications.TraceProgressed += OnProgressed;
        try
        {
            return await connection
                .InvokeAsync<TraceParameters, TelepresenceTrace>(
                    EngineMethods.Trace,
                    parameters with
                    {
                        Operation = operation,
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        finally
        {
            notifications.TraceProgressed -= OnProgressed;
        }
    }

    /// <summary>
    /// Connections as they open, change state and close; ends with the last session. Numbers that are missing are batches that
    /// were lost, because nobody read them in time.
    /// </summary>
    /// <param name="session">Null: all.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async IAsyncEnumerable<ConnectionChanges> WatchConnectionsAsync(
        string? session,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var operation = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
        var changes = Channel.CreateBounded<ConnectionChanges>(
            new BoundedChannelOptions(MaximumQueuedChanges)
            {
                FullMode = BoundedChannelFullMode.DropOldest,
                SingleReader = true,
            }
        );

        void OnChanged(ConnectionChanges batch)
        {
            if (batch.Operation == operation)
            {
                changes.Writer.TryWrite(batch);
            }
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        notifications.ConnectionsChanged += OnChanged;
        var watching = WatchAsync();
        try
        {
            await foreach (var batch in changes.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return batch;
            }
        }
        finally
        {
            notifications.ConnectionsChanged -= OnChanged;
            await ended.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task WatchAsync()
        {
            Exception? fault = null;
            try
            {
                await connection
                    .InvokeAsync(
                        EngineMethods.WatchConnections,
                        new ConnectionWatchParameters(operation, session),
                        ended.Token
                    )
                    .ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever it is, the reader gets it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                fault = e;
            }
            changes.Writer.TryComplete(fault);
        }
    }
}
