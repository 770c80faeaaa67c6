using System.Runtime.CompilerServices;

namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// The side of a connection that faces its handler: any thread. What has to happen on the loop is left as a signal there.
/// </summary>
internal sealed class TcpFlow : ITcpFlow, ISignaled
{
    private readonly LoopContext _loop;
    private readonly AsyncSignal _readable = new();
    private readonly AsyncSignal _writable = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DateTimeOffset _since;
    private int _signals;
    private long _readWakeAt;
    private int _writeLimit;
    private volatile bool _readFinished;
    private volatile bool _writeCompleted;
    private volatile string? _abortReason;

    public TcpFlow(LoopContext loop, FlowKey key)
    {
        _loop = loop;
        Key = key;
        Endpoints = key.ToEndpoints();
        _since = loop.Time.GetUtcNow();
        _writeLimit = loop.Options.InitialBuffer;
        SendQueue = new ByteQueue(loop.Pool);
        ReceiveQueue = new ByteQueue(loop.Pool);
    }

    public FlowKey Key { get; }
    public FlowEndpoints Endpoints { get; }
    public Task Closed => _closed.Task;

    public FlowStatistics Statistics =>
        new(
            Connection.State.ToString(),
            Connection.BytesFromApplication,
            Connection.BytesToApplication,
            Connection.RoundTrip is > 0 and var roundTrip ? TimeSpan.FromMicroseconds(roundTrip) : null,
            Connection.Retransmits,
            _since
        );

    /// <summary>Set once, before anyone sees the flow.</summary>
    public required TcpConnection Connection { get; init; }
    public ByteQueue SendQueue { get; }
    public ByteQueue ReceiveQueue { get; }

    ISignaled? ISignaled.NextSignaled { get; set; }

    public void Accept() => Signal(FlowSignals.Accept);

    public void Refuse() => Signal(FlowSignals.Refuse);

    public void Unreachable() => Signal(FlowSignals.Unreachable);

    public void Abort()
    {
        Fail("The flow was aborted.");
        Signal(FlowSignals.Abort);
    }

    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        if (_abortReason is null)
        {
            var bytes = ReceiveQueue.Peek();
            if (!bytes.IsEmpty)
            {
                return new(bytes);
            }
        }

        return ReadSlowlyAsync(cancellationToken);
    }

    public void AdvanceRead(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ReceiveQueue.ConsumeTo(ReceiveQueue.Head + count);
        // Pairs with the barrier of the loop, which sets the mark and then looks at the head again.
        Interlocked.MemoryBarrier();
        if (ReceiveQueue.Head >= Volatile.Read(ref _readWakeAt))
        {
            Signal(FlowSignals.WindowOpened);
        }
    }

    public ValueTask<Memory<byte>> GetWriteMemoryAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_writeCompleted, this);
        return _abortReason is null && HasWriteRoom ? new(SendQueue.GetMemory()) : WaitForRoomAsync(cancellationToken);
    }

    public void AdvanceWrite(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        SendQueue.Advance(count);
        if (count > 0)
        {
            Signal(FlowSignals.DataQueued);
        }
    }

    public void CompleteWrite()
    {
        _writeCompleted = true;
        Signal(FlowSignals.CompleteWrite);
    }

    void ISignaled.OnSignaled() => Connection.OnSignals((FlowSignals)Interlocked.Exchange(ref _signals, 0));

    /// <summary>Loop: in-order data or the end has come.</summary>
    public void NotifyReadable() => _readable.Signal();

    /// <summary>Loop: the application sent FIN; what it sent before is in the queue.</summary>
    public void FinishReading()
    {
        _readFinished = true;
        _readable.Signal();
    }

    /// <summary>Loop: acknowledgments made room.</summary>
    public void UpdateWriteLimit(int limit)
    {
        Volatile.Write(ref _writeLimit, limit);
        // A little hysteresis: a writer that is woken for every segment would cost a thread switch each.
        if (SendQueue.Length <= limit - limit / 4)
        {
            _writable.Signal();
        }
    }

    /// <summary>Loop: call <see cref="TcpConnection.OnSignals"/> once the reader has come this far.</summary>
    public void WakeAtRead(long position) => Volatile.Write(ref _readWakeAt, position);

    /// <summary>RST or time-out: pending and later reads and writes fail.</summary>
    public void Fail(string reason)
    {
        _abortReason ??= reason;
        _readable.Signal();
        _writable.Signal();
    }

    /// <summary>Loop: no more data will go either way.</summary>
    public void NotifyClosed()
    {
        if (_closed.TrySetResult())
        {
            SendQueue.Abandon();
            ReceiveQueue.Abandon();
        }
    }

    private bool HasWriteRoom => SendQueue.Length < SendQueue.Limit(Volatile.Read(ref _writeLimit));

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadOnlyMemory<byte>> ReadSlowlyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ThrowIfAborted();
            // Looked at before the queue: data that came with the FIN is there when this is set.
            var finished = _readFinished;
            var bytes = ReceiveQueue.Peek();
            if (!bytes.IsEmpty || finished)
            {
                return bytes;
            }

            await _readable.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Memory<byte>> WaitForRoomAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            ThrowIfAborted();
            if (HasWriteRoom)
            {
                return SendQueue.GetMemory();
            }

            await _writable.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void ThrowIfAborted()
    {
        if (_abortReason is { } reason)
        {
            throw new FlowAbortedException(reason);
        }
    }

    private void Signal(FlowSignals signals)
    {
        if (Interlocked.Or(ref _signals, (int)signals) == 0)
        {
            _loop.Signals.Push(this);
        }
    }
}
