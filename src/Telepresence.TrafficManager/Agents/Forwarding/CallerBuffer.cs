namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>What a caller has sent and nobody has taken yet: whole heads and frames are looked at before they go on.</summary>
internal sealed class CallerBuffer(IFarEnd caller)
{
    private byte[] _bytes = new byte[8192];
    private int _start;
    private int _end;

    /// <summary>What is there.</summary>
    public ReadOnlyMemory<byte> Available => _bytes.AsMemory(_start, _end - _start);

    /// <summary>Takes bytes off.</summary>
    public ReadOnlyMemory<byte> Take(int count)
    {
        var taken = _bytes.AsMemory(_start, count);
        _start += count;
        return taken;
    }

    /// <summary>Receives more; what <see cref="Take"/> gave is of no use any more.</summary>
    /// <returns>False: the caller has nothing more to send.</returns>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
            _start = _end = 0;
        else if (_start > 0)
        {
            _bytes.AsSpan(_start, _end - _start).CopyTo(_bytes);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _bytes.Length)
            Array.Resize(ref _bytes, _bytes.Length * 2);
        await caller.WaitAsync(cancellationToken).ConfigureAwait(false);
        var received = await caller.ReceiveAsync(_bytes.AsMemory(_end), cancellationToken).ConfigureAwait(false);
        if (received == IFarEnd.Ended)
            return false;
        _end += received;
        return true;
    }

    /// <summary>Has at least that many bytes.</summary>
    /// <returns>False: the caller ended before.</returns>
    public async ValueTask<bool> FillAsync(int count, CancellationToken cancellationToken)
    {
        while (_end - _start < count)
            if (!await FillAsync(cancellationToken).ConfigureAwait(false))
                return false;
        return true;
    }
}
