using System.Runtime.CompilerServices;
using Telepresence.Protocol;

namespace Telepresence.Engine.Manager;

/// <summary>
/// Opens the streams below a channel to the manager, one after another, and notices at once when the present one ends: a
/// channel itself tells only its calls.
/// </summary>
/// <param name="connect">Opens the way to the manager's gRPC port.</param>
internal sealed class ManagerTransport(Func<CancellationToken, ValueTask<Stream>> connect) : IDisposable
{
    private readonly Lock _gate = new();
    private CancellationTokenSource _attempts = new();
    private WatchedStream? _current;

    /// <summary>The present stream has ended; on any thread, and before the channel's calls learn of it.</summary>
    public event Action? Ended;

    /// <summary>There is a stream, as far as is known.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
                return _current is not null;
        }
    }

    public async ValueTask<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        CancellationTokenSource attempt;
        lock (_gate)
            attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _attempts.Token);
        using (attempt)
        {
            var stream = new WatchedStream(await connect(attempt.Token).ConfigureAwait(false), this);
            lock (_gate)
            {
                if (!attempt.IsCancellationRequested)
                    return _current = stream;
            }
            await stream.DisposeAsync().ConfigureAwait(false);
            throw new OperationCanceledException("The attempt was given up.");
        }
    }

    /// <summary>Closes the present stream, and gives up the attempt to open one: the next call begins anew.</summary>
    public void Abort()
    {
        WatchedStream? current;
        lock (_gate)
        {
            current = _current;
            _attempts.Cancel();
            _attempts.Dispose();
            _attempts = new CancellationTokenSource();
        }
        current?.Dispose();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _current = null;
            _attempts.Cancel();
            _attempts.Dispose();
        }
    }

    private void OnEnded(WatchedStream stream)
    {
        // The reader and a writer find out at the same time: neither goes on before the other's news was told.
        lock (stream.Ending)
        {
            lock (_gate)
            {
                // The channel may have a new one already: an HTTP/2 server that goes away still finishes what it has begun.
                if (!ReferenceEquals(_current, stream))
                    return;
                _current = null;
            }
            Ended?.Invoke();
        }
    }

    private sealed class WatchedStream(Stream inner, ManagerTransport owner) : DuplexStream
    {
        public Lock Ending { get; } = new();

        public override bool CanWrite => inner.CanWrite;

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            var count = 0;
            try
            {
                count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                return count;
            }
            finally
            {
                if (count == 0 && buffer.Length > 0 && !cancellationToken.IsCancellationRequested)
                    owner.OnEnded(this);
            }
        }

        [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            var isWritten = false;
            try
            {
                await inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
                isWritten = true;
            }
            finally
            {
                if (!isWritten && !cancellationToken.IsCancellationRequested)
                    owner.OnEnded(this);
            }
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

        public override void Flush() => inner.Flush();

        public override async ValueTask DisposeAsync()
        {
            owner.OnEnded(this);
            await inner.DisposeAsync().ConfigureAwait(false);
            await base.DisposeAsync().ConfigureAwait(false);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                owner.OnEnded(this);
                inner.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
