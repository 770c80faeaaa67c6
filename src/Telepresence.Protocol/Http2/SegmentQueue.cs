namespace Telepresence.Protocol.Http2;

/// <summary>Bytes in pooled memory, first in first out. Holds none while it is empty.</summary>
/// <param name="pool">Of the connection.</param>
internal sealed class SegmentQueue(SegmentPool pool)
{
    private readonly Queue<byte[]> _full = new();
    private byte[]? _first;
    private byte[]? _last;
    private int _start;
    private int _end;

    /// <summary>Bytes.</summary>
    public int Length { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_last is null || _end == _last.Length)
                AddSegment(bytes.Length);
            var part = Math.Min(bytes.Length, _last!.Length - _end);
            bytes[..part].CopyTo(_last.AsSpan(_end));
            bytes = bytes[part..];
            _end += part;
        }
    }

    /// <returns>Bytes moved; less than asked for only when no more are there.</returns>
    public int Read(Span<byte> destination)
    {
        var filled = 0;
        while (filled < destination.Length && Length > 0)
        {
            var end = ReferenceEquals(_first, _last) ? _end : _first!.Length;
            var part = Math.Min(destination.Length - filled, end - _start);
            _first.AsSpan(_start, part).CopyTo(destination[filled..]);
            filled += part;
            _start += part;
            Length -= part;
            if (_start == end)
                DropFirst();
        }
        return filled;
    }

    /// <summary>Throws all away.</summary>
    public void Clear()
    {
        while (_first is not null)
            DropFirst();
        Length = 0;
    }

    private void AddSegment(int wanted)
    {
        if (_last is not null && !ReferenceEquals(_first, _last))
            _full.Enqueue(_last);
        _last = pool.Rent(wanted);
        _end = 0;
        if (_first is null)
            (_first, _start) = (_last, 0);
    }

    private void DropFirst()
    {
        pool.Return(_first!);
        _start = 0;
        if (ReferenceEquals(_first, _last))
            (_first, _last) = (null, null);
        else if (!_full.TryDequeue(out _first))
            _first = _last;
    }
}
