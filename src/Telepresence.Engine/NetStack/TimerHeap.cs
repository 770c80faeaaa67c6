namespace Telepresence.Engine.NetStack;

/// <summary>Something with one deadline in a <see cref="TimerHeap"/>.</summary>
internal interface ITimed
{
    /// <summary>Owned by the heap; -1 at the start.</summary>
    int HeapIndex { get; set; }

    /// <summary>Owned by the heap, in microseconds of the loop's clock.</summary>
    long HeapDeadline { get; set; }

    /// <summary>
    /// The deadline is over. The real one may lie later by now (it is cheaper to let an early one expire than to move it
    /// with every packet): then the callee schedules itself again.
    /// </summary>
    void OnTimer(long now);
}

/// <summary>A binary heap of deadlines with at most one entry for each <see cref="ITimed"/>.</summary>
internal sealed class TimerHeap
{
    public const long Never = long.MaxValue;

    private ITimed[] _items = new ITimed[64];
    private int _count;

    /// <summary>The earliest deadline, or <see cref="Never"/>.</summary>
    public long Next => _count == 0 ? Never : _items[0].HeapDeadline;

    /// <summary>Makes sure that <paramref name="item"/> is called at <paramref name="deadline"/> or before.</summary>
    public void Schedule(ITimed item, long deadline)
    {
        if (deadline == Never || (item.HeapIndex >= 0 && item.HeapDeadline <= deadline))
        {
            return;
        }

        item.HeapDeadline = deadline;
        if (item.HeapIndex < 0)
        {
            if (_count == _items.Length)
            {
                Array.Resize(ref _items, _count * 2);
            }

            Put(_count++, item);
        }

        Rise(item.HeapIndex);
    }

    public void Remove(ITimed item)
    {
        var index = item.HeapIndex;
        if (index < 0)
        {
            return;
        }

        item.HeapIndex = -1;
        var last = _items[--_count];
        _items[_count] = null!;
        if (index < _count)
        {
            Put(index, last);
            Rise(index);
            Sink(last.HeapIndex);
        }
    }

    /// <summary>Calls everything that is due.</summary>
    public void Run(long now)
    {
        while (_count > 0 && _items[0].HeapDeadline <= now)
        {
            var item = _items[0];
            Remove(item);
            item.OnTimer(now);
        }
    }

    private void Put(int index, ITimed item)
    {
        _items[index] = item;
        item.HeapIndex = index;
    }

    private void Rise(int index)
    {
        var item = _items[index];
        while (index > 0)
        {
            var parent = (index - 1) / 2;
            if (_items[parent].HeapDeadline <= item.HeapDeadline)
            {
                break;
            }

            Put(index, _items[parent]);
            index = parent;
        }

        Put(index, item);
    }

    private void Sink(int index)
    {
        var item = _items[index];
        while (true)
        {
            var child = index * 2 + 1;
            if (child >= _count)
            {
                break;
            }

            if (child + 1 < _count && _items[child + 1].HeapDeadline < _items[child].HeapDeadline)
            {
                child++;
            }

            if (_items[child].HeapDeadline >= item.HeapDeadline)
            {
                break;
            }

            Put(index, _items[child]);
            index = child;
        }

        Put(index, item);
    }
}
