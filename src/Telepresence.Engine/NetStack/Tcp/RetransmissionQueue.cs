namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// What was sent and is not acknowledged, without gaps, with the time of each piece's last transmission: RFC 9293's
/// retransmission queue, RFC 2018's scoreboard and RFC 8985's transmission times in one. A piece is as long as what went
/// out at once, until a SACK block or a retransmission cuts it.
/// </summary>
internal sealed class RetransmissionQueue
{
    /// <summary>
    /// Pieces beyond which neither new data nor SACK blocks make more, so that a peer that reports every other byte
    /// makes the queue neither long nor slow. A full 4 MiB window has 3,000 segments.
    /// </summary>
    private const int Maximum = 4096;

    private Transmission[] _pieces = new Transmission[16];
    private int _first;

    public int Count { get; private set; }

    /// <summary>Bytes believed to be on their way: the pipe of RFC 6675.</summary>
    public long InFlight { get; private set; }

    /// <summary>Bytes that the peer reported beyond holes.</summary>
    public long Sacked { get; private set; }

    /// <summary>Bytes to be sent again.</summary>
    public long Lost { get; private set; }

    public ref readonly Transmission this[int index] => ref _pieces[_first + index];

    /// <summary>New data went out.</summary>
    public void Append(long start, long end, long now)
    {
        InFlight += end - start;
        if (Count > 0 && this[Count - 1] is { State: TransmissionState.InFlight, IsRetransmitted: false } last)
        {
            if (last.SentAt == now || Count >= Maximum)
            {
                _pieces[_first + Count - 1] = last with { End = end, SentAt = now };
                return;
            }
        }

        Insert(Count, new Transmission(start, end, now, TransmissionState.InFlight, IsRetransmitted: false));
    }

    /// <summary>A part of what is here went out once more.</summary>
    public void Retransmit(long start, long end, long now)
    {
        Cut(start);
        Cut(end);
        for (var i = Find(start); i < Count && this[i].Start < end; i++)
        {
            if (this[i].State != TransmissionState.Sacked)
            {
                Set(i, this[i] with { State = TransmissionState.InFlight, SentAt = now, IsRetransmitted = true });
            }
        }
    }

    /// <summary>Everything before a position was acknowledged; what had not been reported before is told.</summary>
    public void Acknowledge(long position, Rack rack)
    {
        while (Count > 0 && this[0].Start < position)
        {
            var piece = this[0];
            var delivered = piece with { End = Math.Min(piece.End, position) };
            if (piece.State != TransmissionState.Sacked)
            {
                rack.OnDelivered(delivered);
            }

            Account(piece.State, -delivered.Length);
            if (piece.End > position)
            {
                _pieces[_first] = piece with { Start = position };
                return;
            }

            _first++;
            Count--;
        }

        if (Count == 0)
        {
            _first = 0;
        }
    }

    /// <summary>A SACK block within what is outstanding; what had not been reported before is told.</summary>
    public void Sack(long start, long end, Rack rack)
    {
        if (Count < Maximum)
        {
            Cut(start);
            Cut(end);
        }

        for (var i = Find(start); i < Count && this[i].End <= end; i++)
        {
            if (this[i].Start >= start && this[i].State != TransmissionState.Sacked)
            {
                rack.OnDelivered(this[i]);
                Set(i, this[i] with { State = TransmissionState.Sacked });
            }
        }

        MergeSacked(start, end);
    }

    /// <summary>A piece is taken for lost.</summary>
    public void MarkLost(int index) => Set(index, this[index] with { State = TransmissionState.Lost });

    /// <summary>The first bytes are taken for lost: without SACK nobody says more.</summary>
    public void MarkFirstLost(int length)
    {
        if (Count == 0)
        {
            return;
        }

        Cut(Math.Min(this[0].Start + length, this[0].End));
        MarkLost(0);
    }

    /// <summary>What the peer reported counts no more: it may have discarded it (RFC 2018 §8).</summary>
    public void ForgetSacked()
    {
        for (var i = 0; i < Count; i++)
        {
            if (this[i].State == TransmissionState.Sacked)
            {
                MarkLost(i);
            }
        }
    }

    /// <summary>Nothing was lost after all.</summary>
    public void ForgetLost()
    {
        for (var i = 0; i < Count; i++)
        {
            if (this[i].State == TransmissionState.Lost)
            {
                Set(i, this[i] with { State = TransmissionState.InFlight });
            }
        }
    }

    /// <summary>The first piece that is to be sent again.</summary>
    public bool TryGetLost(out Transmission piece)
    {
        for (var i = 0; Lost > 0 && i < Count; i++)
        {
            if (this[i].State == TransmissionState.Lost)
            {
                piece = this[i];
                return true;
            }
        }

        piece = default;
        return false;
    }

    private void Set(int index, in Transmission piece)
    {
        Account(this[index].State, -piece.Length);
        Account(piece.State, piece.Length);
        _pieces[_first + index] = piece;
    }

    private void Account(TransmissionState state, long bytes)
    {
        switch (state)
        {
            case TransmissionState.InFlight:
                InFlight += bytes;
                break;
            case TransmissionState.Sacked:
                Sacked += bytes;
                break;
            default:
                Lost += bytes;
                break;
        }
    }

    /// <summary>Index of the piece that holds a position, or the number of pieces.</summary>
    private int Find(long position)
    {
        var low = 0;
        var high = Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (this[middle].End <= position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private void Cut(long position)
    {
        var index = Find(position);
        if (index < Count && this[index] is var piece && piece.Start < position)
        {
            _pieces[_first + index] = piece with { End = position };
            Insert(index + 1, piece with { Start = position });
        }
    }

    /// <summary>Joins what was reported around a block, so that many blocks make few pieces.</summary>
    private void MergeSacked(long start, long end)
    {
        var index = Math.Max(1, Find(start));
        var last = Math.Min(Count - 1, Find(end));
        var kept = index - 1;
        if (last < index)
        {
            return;
        }

        for (; index <= last; index++)
        {
            var piece = this[index];
            var before = this[kept];
            if (before.State == TransmissionState.Sacked && piece.State == TransmissionState.Sacked)
            {
                _pieces[_first + kept] = before with { End = piece.End };
            }
            else
            {
                _pieces[_first + ++kept] = piece;
            }
        }

        var gone = last - kept;
        if (gone > 0)
        {
            Array.Copy(_pieces, _first + last + 1, _pieces, _first + kept + 1, Count - last - 1);
            Count -= gone;
        }
    }

    private void Insert(int index, in Transmission piece)
    {
        if (_first + Count == _pieces.Length)
        {
            var target = _first > _pieces.Length / 2 ? _pieces : new Transmission[_pieces.Length * 2];
            Array.Copy(_pieces, _first, target, 0, Count);
            _pieces = target;
            _first = 0;
        }

        var at = _first + index;
        Array.Copy(_pieces, at, _pieces, at + 1, Count - index);
        _pieces[at] = piece;
        Count++;
    }
}
