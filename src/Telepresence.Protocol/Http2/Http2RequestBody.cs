using System.Threading.Tasks.Sources;

namespace Telepresence.Protocol.Http2;

/// <summary>
/// What a stream has to send: at most one write at a time, and the end. Everything but awaiting is done under the
/// <see cref="Http2Sender"/>'s lock.
/// </summary>
/// <param name="stream">Learns that END_STREAM stands in the buffer that goes out next.</param>
internal sealed class Http2RequestBody(Http2Stream stream, Http2Sender sender) : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _written = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;
    private ReadOnlyMemory<byte> _prefix;
    private ReadOnlyMemory<byte> _payload;
    private bool _isAwaited;
    private bool _endsAfter;
    private bool _isEnded;

    /// <summary>Of the stream; 0 until its HEADERS are sent.</summary>
    public int StreamId { get; set; }

    /// <summary>The stream's.</summary>
    public SendWindow Window;

    /// <summary>Stands in the sender's queue.</summary>
    public bool IsQueued { get; set; }

    /// <summary>What the response's window is to grow by, and the peer has yet to be told; in bytes.</summary>
    public int WindowUpdate { get; set; }

    /// <summary>Why nothing can be written any more.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Bytes of the present write that are still to be sent.</summary>
    public int Left => _prefix.Length + _payload.Length;

    /// <summary>There is something to send.</summary>
    public bool HasPending => Left > 0 || (_endsAfter && !_isEnded);

    /// <summary>Nothing of the present write was sent yet.</summary>
    public bool IsUntouched { get; private set; }

    /// <summary>Begins a write; both stay the caller's, who leaves them alone until it is over.</summary>
    /// <exception cref="InvalidOperationException">One is going on, or the end was said.</exception>
    public void Load(ReadOnlyMemory<byte> prefix, ReadOnlyMemory<byte> payload)
    {
        if (Left > 0 || _endsAfter)
            throw new InvalidOperationException("The request is being written already, or was ended.");
        (_prefix, _payload, IsUntouched) = (prefix, payload, true);
    }

    /// <summary>END_STREAM goes with the last byte.</summary>
    public void End() => _endsAfter = true;

    /// <summary>Moves bytes out, to be sent.</summary>
    /// <returns>They are the last ones of the stream.</returns>
    public bool Take(Span<byte> destination)
    {
        var ofPrefix = Math.Min(_prefix.Length, destination.Length);
        _prefix.Span[..ofPrefix].CopyTo(destination);
        _prefix = _prefix[ofPrefix..];
        var ofPayload = destination.Length - ofPrefix;
        _payload.Span[..ofPayload].CopyTo(destination[ofPrefix..]);
        _payload = _payload[ofPayload..];
        IsUntouched &= destination.IsEmpty;
        if (Left > 0 || !_endsAfter)
            return false;
        _isEnded = true;
        stream.OnRequestEnded();
        return true;
    }

    /// <summary>What the writer awaits when its bytes could not be sent at once.</summary>
    public ValueTask Await()
    {
        _written.Reset();
        _isAwaited = true;
        return new ValueTask(this, _written.Version);
    }

    /// <summary>Outside the lock, after <see cref="Await"/> and before anybody does.</summary>
    public void CancelWith(CancellationToken cancellationToken)
    {
        if (_written.GetStatus(_written.Version) == ValueTaskSourceStatus.Pending)
            _cancellation = cancellationToken.UnsafeRegister(
                static (body, token) => ((Http2RequestBody)body!).OnCancelled(token),
                this
            );
    }

    /// <summary>The present write is done.</summary>
    public void Complete()
    {
        _payload = default;
        if (!_isAwaited)
            return;
        _isAwaited = false;
        _written.SetResult(true);
    }

    /// <summary>Nothing more is sent; the present write fails.</summary>
    public void Fail(Exception failure)
    {
        Failure ??= failure;
        Abandon(failure);
        (_endsAfter, _isEnded) = (true, true);
    }

    /// <summary>Ends the present write, as far as it has not been sent.</summary>
    public void Abandon(Exception reason)
    {
        (_prefix, _payload) = (default, default);
        if (!_isAwaited)
            return;
        _isAwaited = false;
        _written.SetException(reason);
    }

    private void OnCancelled(CancellationToken token) => sender.Abandon(this, token);

    void IValueTaskSource.GetResult(short token)
    {
        // A write that comes after must not be cancelled by this one's token.
        _cancellation.Dispose();
        _cancellation = default;
        _written.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _written.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _written.OnCompleted(continuation, state, token, flags);
}
