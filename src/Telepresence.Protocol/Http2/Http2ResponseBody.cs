using System.Threading.Tasks.Sources;

namespace Telepresence.Protocol.Http2;

/// <summary>What has come on a stream and waits for its reader, of whom there is one at a time.</summary>
/// <param name="stream">Told what was read.</param>
/// <param name="window">How much may wait here.</param>
internal sealed class Http2ResponseBody(Http2Stream stream, SegmentPool pool, ReceiveWindow window)
    : IValueTaskSource<int>
{
    private readonly Lock _gate = new();
    private readonly SegmentQueue _unread = new(pool);
    private ManualResetValueTaskSourceCore<int> _reading = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;
    private ReceiveWindow _window = window;
    private Memory<byte> _destination;
    private Exception? _failure;
    private bool _isWaiting;
    private bool _isEnded;

    /// <summary>A DATA frame of that length begins.</summary>
    /// <exception cref="Http2Exception">More than the window allows.</exception>
    public void Charge(int length)
    {
        lock (_gate)
        {
            if (!_window.TryReceive(length))
                throw Http2Exception.OfStream(Http2ErrorCode.FlowControlError, "more data than its window allows");
        }
    }

    /// <summary>Bytes of a DATA frame. A reader that waits gets them at once.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        var read = 0;
        lock (_gate)
        {
            if (_failure is not null)
            {
                read = bytes.Length;
            }
            else if (_isWaiting && !bytes.IsEmpty)
            {
                read = Math.Min(bytes.Length, _destination.Length);
                bytes[..read].CopyTo(_destination.Span);
                _unread.Append(bytes[read..]);
                EndWait();
                _reading.SetResult(read);
            }
            else
            {
                _unread.Append(bytes);
            }
        }
        if (read > 0)
            Consume(read);
    }

    /// <summary>Bytes that nobody is to read, such as padding.</summary>
    public void Consume(int count)
    {
        int increment;
        lock (_gate)
            increment = _isEnded || _failure is not null ? 0 : _window.Consume(count, stream.Now, stream.RoundTrip);
        stream.OnRead(count, increment);
    }

    /// <summary>Nothing more comes.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isEnded = true;
            if (!_isWaiting)
                return;
            EndWait();
            _reading.SetResult(0);
        }
    }

    /// <summary>What waits is thrown away, and readers fail. After the end only with <paramref name="always"/>.</summary>
    public void Fail(Exception failure, bool always)
    {
        int unread;
        lock (_gate)
        {
            if (_failure is not null || (_isEnded && !always))
                return;
            _failure = failure;
            unread = _unread.Length;
            _unread.Clear();
            if (_isWaiting)
            {
                EndWait();
                _reading.SetException(failure);
            }
        }
        if (unread > 0)
            stream.OnRead(unread, 0);
    }

    /// <summary>The next bytes; 0 at the end. Into no memory at all: waits until there are some, or the end.</summary>
    /// <exception cref="IOException">The stream was reset, or the connection is over.</exception>
    public ValueTask<int> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        int read;
        lock (_gate)
        {
            if (_failure is { } failure)
                return ValueTask.FromException<int>(failure);
            if (cancellationToken.IsCancellationRequested)
                return ValueTask.FromCanceled<int>(cancellationToken);
            if (_unread.Length == 0 && !_isEnded)
            {
                if (_isWaiting)
                    throw new InvalidOperationException("The response is being read already.");
                _reading.Reset();
                (_isWaiting, _destination) = (true, destination);
                read = -1;
            }
            else
            {
                read = _unread.Read(destination.Span);
            }
        }
        if (read > 0)
            Consume(read);
        if (read >= 0)
            return new ValueTask<int>(read);
        var version = _reading.Version;
        if (cancellationToken.CanBeCanceled && _reading.GetStatus(version) == ValueTaskSourceStatus.Pending)
            _cancellation = cancellationToken.UnsafeRegister(
                static (body, token) => ((Http2ResponseBody)body!).OnCancelled(token),
                this
            );
        return new ValueTask<int>(this, version);
    }

    private void OnCancelled(CancellationToken token)
    {
        lock (_gate)
        {
            if (!_isWaiting)
                return;
            EndWait();
            _reading.SetException(new OperationCanceledException(token));
        }
    }

    private void EndWait()
    {
        _isWaiting = false;
        _destination = default;
    }

    int IValueTaskSource<int>.GetResult(short token)
    {
        // A read that comes after must not be cancelled by this one's token.
        _cancellation.Dispose();
        _cancellation = default;
        return _reading.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _reading.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _reading.OnCompleted(continuation, state, token, flags);
}
