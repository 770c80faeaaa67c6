using System.Threading.Channels;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Events;

/// <summary>
/// What happens in the network engine, as .NET events. Holds one connection to the engine that runs, and finds the next one when
/// that has ended; starts none. The connection is closed with the last handler that is removed, or on disposal.
/// </summary>
/// <param name="engines">Where engines come from.</param>
/// <param name="session">Name of the only session of interest; null: all.</param>
/// <param name="time">Clock of the events and of looking for an engine.</param>
public sealed class EngineEvents(EngineAccess engines, string? session, TimeProvider time) : IAsyncDisposable
{
    /// <summary>What waits to be told; the oldest is dropped past it, for the connection's reader must not wait.</summary>
    private const int MaximumQueued = 4096;

    /// <summary>Between two looks for an engine.</summary>
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _lock = new();
    private readonly SessionChanges _changes = new(session, time);
    private readonly EventHandler<TelepresenceEventArgs>?[] _handlers = new EventHandler<TelepresenceEventArgs>?[
        Enum.GetValues<TelepresenceEventName>().Length
    ];
    private Task _following = Task.CompletedTask;
    private bool _isFollowing;

    /// <inheritdoc cref="TelepresenceEventName.StateChanged"/>
    public event EventHandler<TelepresenceEventArgs> StateChanged
    {
        add => Add(TelepresenceEventName.StateChanged, value);
        remove => Remove(TelepresenceEventName.StateChanged, value);
    }

    /// <inheritdoc cref="TelepresenceEventName.SubnetChanged"/>
    public event EventHandler<TelepresenceEventArgs> SubnetChanged
    {
        add => Add(TelepresenceEventName.SubnetChanged, value);
        remove => Remove(TelepresenceEventName.SubnetChanged, value);
    }

    /// <inheritdoc cref="TelepresenceEventName.ConflictDetected"/>
    public event EventHandler<TelepresenceEventArgs> ConflictDetected
    {
        add => Add(TelepresenceEventName.ConflictDetected, value);
        remove => Remove(TelepresenceEventName.ConflictDetected, value);
    }

    /// <inheritdoc cref="TelepresenceEventName.ErrorOccurred"/>
    public event EventHandler<TelepresenceEventArgs> ErrorOccurred
    {
        add => Add(TelepresenceEventName.ErrorOccurred, value);
        remove => Remove(TelepresenceEventName.ErrorOccurred, value);
    }

    /// <inheritdoc cref="TelepresenceEventName.ConnectionChanged"/>
    public event EventHandler<TelepresenceEventArgs> ConnectionChanged
    {
        add => Add(TelepresenceEventName.ConnectionChanged, value);
        remove => Remove(TelepresenceEventName.ConnectionChanged, value);
    }

    /// <summary>Raised once, when nothing listens any more and the connection is being closed.</summary>
    public event Action<EngineEvents>? Ended;

    /// <summary>
    /// Begins to follow. What happens after it has returned is told; sessions that are there already are not. Call it once, after
    /// a handler was added.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var first = await LinkAsync(isFirst: true, cancellationToken).ConfigureAwait(false);
        lock (_lock)
        {
            if (_ended.IsCancellationRequested)
            {
                _following = first is null ? Task.CompletedTask : first.DisposeAsync().AsTask();
                return;
            }
            _isFollowing = true;
            _following = Task.Run(() => FollowAsync(first), CancellationToken.None);
        }
    }

    /// <summary>Closes the connection; no event comes after it.</summary>
    public async ValueTask DisposeAsync()
    {
        End();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Add(TelepresenceEventName name, EventHandler<TelepresenceEventArgs> handler)
    {
        lock (_lock)
        {
            _handlers[(int)name] += handler;
        }
    }

    private void Remove(TelepresenceEventName name, EventHandler<TelepresenceEventArgs> handler)
    {
        lock (_lock)
        {
            _handlers[(int)name] -= handler;
            if (Array.Exists(_handlers, h => h is not null))
            {
                return;
            }
        }
        End();
    }

    private void End()
    {
        lock (_lock)
        {
            if (_ended.IsCancellationRequested)
            {
                return;
            }
            _ended.Cancel();
            if (!_isFollowing)
            {
                _ended.Dispose();
            }
        }
        Ended?.Invoke(this);
    }

    /// <summary>Never faults: an engine that is out of reach is looked for again.</summary>
    private async Task FollowAsync(Link? link)
    {
        try
        {
            using var timer = new PeriodicTimer(_look, time);
            while (true)
            {
                if (link is not null)
                {
                    await using (link.ConfigureAwait(false))
                    {
                        await FollowLinkAsync(link).ConfigureAwait(false);
                    }
                    Raise(_changes.Lose());
                }
                await timer.WaitForNextTickAsync(_ended.Token).ConfigureAwait(false);
                link = await LinkAsync(isFirst: false, _ended.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            _ended.Dispose();
        }
    }

    private async Task FollowLinkAsync(Link link)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_ended.Token);
        var connections = _handlers[(int)TelepresenceEventName.ConnectionChanged] is null
            ? Task.CompletedTask
            : FollowConnectionsAsync(link, over.Token);
        try
        {
            await foreach (var news in link.News.ReadAllAsync(_ended.Token).ConfigureAwait(false))
            {
                Raise(
                    news switch
                    {
                        TelepresenceSession now => _changes.See(now),
                        ConflictNotice notice => _changes.See(notice),
                        TelepresenceConnectionChange change => _changes.See(change),
                        _ => [],
                    }
                );
            }
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await connections.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The engine ends a watch with its last session, and may have another soon.</summary>
    private async Task FollowConnectionsAsync(Link link, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_look, time);
        do
        {
            try
            {
                await foreach (
                    var batch in link.Engine.WatchConnectionsAsync(session, cancellationToken).ConfigureAwait(false)
                )
                {
                    foreach (var change in batch.Changes)
                    {
                        link.Tell(change);
                    }
                }
            }
            catch (TelepresenceException)
            {
                // The session is not there yet, or the engine has ended, which the link's other side notices.
                continue;
            }
        } while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>A connection to the engine that runs; null when there is none that can be talked to.</summary>
    private async Task<Link?> LinkAsync(bool isFirst, CancellationToken cancellationToken)
    {
        Link? link = null;
        try
        {
            if (await engines.TryGetNetworkAsync(cancellationToken).ConfigureAwait(false) is not { } engine)
            {
                return null;
            }
            // Listened to before the list is asked for, so that a change in between is not missed.
            link = new Link(engine, MaximumQueued);
            foreach (var present in await engine.ListSessionsAsync(cancellationToken).ConfigureAwait(false))
            {
                if (isFirst)
                {
                    _changes.Begin(present);
                }
                else
                {
                    Raise(_changes.See(present));
                }
            }
            return link;
        }
        catch (TelepresenceException)
        {
            // It ends in this moment, or is of another version: the next may be better.
            await CloseAsync(link).ConfigureAwait(false);
            return null;
        }
        catch
        {
            await CloseAsync(link).ConfigureAwait(false);
            throw;
        }
    }

    private static async Task CloseAsync(Link? link)
    {
        if (link is not null)
        {
            await link.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Raise(IEnumerable<TelepresenceEventArgs> events)
    {
        foreach (var happened in events)
        {
            EventHandler<TelepresenceEventArgs>? handler;
            lock (_lock)
            {
                handler = _ended.IsCancellationRequested ? null : _handlers[(int)happened.EventName];
            }
            handler?.Invoke(this, happened);
        }
    }

    /// <summary>One connection to an engine and what it told.</summary>
    private sealed class Link : IAsyncDisposable
    {
        private readonly Channel<object> _news;

        public Link(EngineClient engine, int capacity)
        {
            Engine = engine;
            _news = Channel.CreateBounded<object>(
                new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest }
            );
            engine.Notifications.SessionChanged += Tell;
            engine.Notifications.ConflictDetected += Tell;
            engine.Completion.ContinueWith(
                _ => _news.Writer.TryComplete(),
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
        }

        public EngineClient Engine { get; }

        public ChannelReader<object> News => _news.Reader;

        public void Tell(object news) => _news.Writer.TryWrite(news);

        public ValueTask DisposeAsync() => Engine.DisposeAsync();
    }
}
