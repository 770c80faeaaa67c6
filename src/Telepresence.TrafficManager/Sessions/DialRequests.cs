using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Telepresence.Protocol.Manager;

namespace Telepresence.TrafficManager.Sessions;

/// <summary>The way of DialRequests to the peer that watches for them. One watch at a time: a newer one ends the one before.</summary>
internal sealed class DialRequests
{
    // A watcher that is so far behind serves nobody in time.
    private const int Backlog = 1024;

    private Watch? _current;

    /// <summary>Sends it, if somebody watches and keeps up.</summary>
    /// <param name="request">What to dial.</param>
    /// <param name="unwatched">Cancelled when the watch that took it has ended.</param>
    public bool TrySend(DialRequest request, out CancellationToken unwatched)
    {
        var watch = Volatile.Read(ref _current);
        unwatched = watch?.Ended.Token ?? default;
        return watch is not null && watch.Requests.Writer.TryWrite(request);
    }

    /// <summary>True while somebody watches.</summary>
    public bool IsWatched => Volatile.Read(ref _current) is not null;

    /// <summary>The requests as they come, until a newer watch begins.</summary>
    public async IAsyncEnumerable<DialRequest> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watch = new Watch();
        Interlocked.Exchange(ref _current, watch)?.Requests.Writer.TryComplete();
        try
        {
            await foreach (var request in watch.Requests.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return request;
        }
        finally
        {
            Interlocked.CompareExchange(ref _current, null, watch);
            watch.Requests.Writer.TryComplete();
            await watch.Ended.CancelAsync().ConfigureAwait(false);
        }
    }

    private sealed class Watch
    {
        public Channel<DialRequest> Requests { get; } = Channel.CreateBounded<DialRequest>(Backlog);

        public CancellationTokenSource Ended { get; } = new();
    }
}
