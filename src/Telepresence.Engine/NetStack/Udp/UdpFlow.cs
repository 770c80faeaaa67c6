using System.Runtime.CompilerServices;

namespace Telepresence.Engine.NetStack.Udp;

/// <summary>One UDP 4-tuple: a queue of datagrams each way.</summary>
internal sealed class UdpFlow : IUdpFlow, ISignaled, ITimed
{
    /// <summary>65,535 less the IPv4 and UDP headers.</summary>
    private const int MaximumPayload = 65_507;
    private readonly LoopContext _loop;
    private readonly UdpTable _table;
    private readonly DatagramQueue _fromApplication = new();
    private readonly DatagramQueue _toApplication = new();
    private readonly AsyncSignal _readable = new();
    private readonly DateTimeOffset _since;
    private readonly int _firstLength;
    private long _sent;
    private long _received;
    private long _lastUsed;
    private int _isSignaled;
    private bool _isLent;
    private bool _isUsed;
    private volatile bool _isClosed;
    private volatile bool _isUnreachable;

    public UdpFlow(LoopContext loop, UdpTable table, in FlowKey key, int firstLength)
    {
        _loop = loop;
        _table = table;
        Key = key;
        _firstLength = firstLength;
        Endpoints = key.ToEndpoints();
        Place = new LinkedListNode<UdpFlow>(this);
        _since = loop.Time.GetUtcNow();
        _lastUsed = loop.Now;
        loop.Timers.Schedule(this, Expiry);
    }

    public FlowKey Key { get; }
    public FlowEndpoints Endpoints { get; }

    /// <summary>The table's: where the flow stands in its order.</summary>
    public LinkedListNode<UdpFlow> Place { get; }
    public int HeapIndex { get; set; } = -1;
    public long HeapDeadline { get; set; }
    ISignaled? ISignaled.NextSignaled { get; set; }

    public FlowStatistics Statistics =>
        new(
            _isClosed ? "Closed" : "Open",
            Volatile.Read(ref _sent),
            Volatile.Read(ref _received),
            RoundTripTime: null,
            Retransmits: 0,
            _since
        );

    private long Expiry => _lastUsed + (long)_loop.Options.UdpIdle.TotalMicroseconds;

    public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        Release();
        if (_fromApplication.TryPeek(out var datagram))
        {
            _isLent = true;
            return new(datagram);
        }

        return WaitForDatagramAsync(cancellationToken);
    }

    public bool Send(ReadOnlySpan<byte> payload)
    {
        if (_isClosed || payload.Length > MaximumPayload || !_toApplication.TryWrite(payload))
        {
            return false;
        }

        Signal();
        return true;
    }

    public void Unreachable()
    {
        _isUnreachable = true;
        Close();
    }

    public void Close()
    {
        _isClosed = true;
        _readable.Signal();
        Signal();
    }

    /// <summary>Loop: whether there was traffic, the first datagram aside, since this was asked last.</summary>
    public bool TakeUsed()
    {
        var used = _isUsed;
        _isUsed = false;
        return used;
    }

    /// <summary>Loop: a datagram from the application. False when the queue is full or the datagram too long.</summary>
    public bool OnDatagram(ReadOnlySpan<byte> payload)
    {
        // IPv6 has room for twenty bytes more than the tunnel's peers take.
        if (payload.Length > MaximumPayload)
        {
            return false;
        }

        _lastUsed = _loop.Now;
        _isUsed = _received > 0 || _sent > 0;
        if (!_fromApplication.TryWrite(payload))
        {
            return false;
        }

        Volatile.Write(ref _sent, _sent + payload.Length);
        _readable.Signal();
        return true;
    }

    public void OnSignaled()
    {
        // Before looking at the queue: what is queued later signals again.
        Interlocked.Exchange(ref _isSignaled, 0);
        while (_loop.Emitter.TrySendUdp(Key, _toApplication, out var length))
        {
            _lastUsed = _loop.Now;
            _isUsed |= _received > 0;
            Volatile.Write(ref _received, _received + length);
        }

        if (!_isClosed)
        {
            return;
        }

        // A second signal after closing finds the table without this flow.
        if (_table.Remove(this) && _isUnreachable)
        {
            _table.SendPortUnreachable(Key, _firstLength);
        }

        _loop.Timers.Remove(this);
    }

    public void OnTimer(long now)
    {
        if (now < Expiry)
        {
            _loop.Timers.Schedule(this, Expiry);
            return;
        }

        Close();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadOnlyMemory<byte>?> WaitForDatagramAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // Looked at before the queue: what came before the close is still delivered.
            var isClosed = _isClosed;
            if (_fromApplication.TryPeek(out var datagram))
            {
                _isLent = true;
                return datagram;
            }

            if (isClosed)
            {
                return null;
            }

            await _readable.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void Release()
    {
        if (_isLent)
        {
            _isLent = false;
            _fromApplication.Remove();
        }
    }

    private void Signal()
    {
        if (Interlocked.Exchange(ref _isSignaled, 1) == 0)
        {
            _loop.Signals.Push(this);
        }
    }
}
