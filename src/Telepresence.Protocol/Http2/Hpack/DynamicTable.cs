namespace Telepresence.Protocol.Http2.Hpack;

/// <summary>RFC 7541 §2.3.2: the latest fields, as many as fit. A ring, newest first by index.</summary>
/// <param name="capacity">In the sizes of <see cref="HeaderField.Size"/>.</param>
internal sealed class DynamicTable(int capacity)
{
    private HeaderField[] _ring = new HeaderField[8];
    private int _newest;
    private int _capacity = capacity;
    private int _size;

    /// <summary>Entries.</summary>
    public int Count { get; private set; }

    /// <param name="index">0: the latest one; less than <see cref="Count"/>.</param>
    public HeaderField Get(int index) => _ring[(_newest - index + _ring.Length) % _ring.Length];

    /// <summary>A field larger than the table empties it, which is no error (RFC 7541 §4.4).</summary>
    public void Add(HeaderField field)
    {
        EvictTo(_capacity - field.Size);
        if (field.Size > _capacity)
            return;
        if (Count == _ring.Length)
            Grow();
        _newest = (_newest + 1) % _ring.Length;
        _ring[_newest] = field;
        Count++;
        _size += field.Size;
    }

    /// <summary>Changes what fits.</summary>
    public void SetCapacity(int capacity)
    {
        _capacity = capacity;
        EvictTo(capacity);
    }

    private void EvictTo(int size)
    {
        while (_size > Math.Max(0, size))
        {
            var oldest = (_newest - Count + 1 + _ring.Length) % _ring.Length;
            _size -= _ring[oldest].Size;
            _ring[oldest] = default;
            Count--;
        }
    }

    private void Grow()
    {
        var larger = new HeaderField[_ring.Length * 2];
        for (var i = 0; i < Count; i++)
            larger[Count - 1 - i] = Get(i);
        _ring = larger;
        _newest = Count - 1;
    }
}
