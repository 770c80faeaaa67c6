namespace Telepresence.UnitTests.NetStack.Tcp.Grid;

/// <summary>
/// One direction of a cell's link: a bounded queue, a wire of a fixed rate, delay, and the faults of the cell. Time and
/// randomness are passed in, so the grid runs it in virtual time and the kernel's measurement in real time.
/// </summary>
internal sealed class SimulatedLink(GridCell cell, Random random)
{
    private readonly PriorityQueue<byte[], (TimeSpan Due, long Order)> _packets = new();
    private TimeSpan _freeAt;
    private long _order;

    /// <summary>When the next packet arrives; null: none is on its way.</summary>
    public TimeSpan? NextDue => _packets.TryPeek(out _, out var priority) ? priority.Due : null;

    /// <summary>Puts a packet on the link.</summary>
    public void Send(ReadOnlySpan<byte> packet, TimeSpan now)
    {
        var begin = _freeAt > now ? _freeAt : now;
        if (begin - now > OnWire(GridCell.QueueBytes))
        {
            return;
        }

        _freeAt = begin + OnWire(packet.Length);
        for (var copies = random.NextDouble() < cell.Duplication ? 2 : 1; copies > 0; copies--)
        {
            var late = random.NextDouble() < cell.Reordering ? GridCell.Lateness * random.NextDouble() : default;
            if (random.NextDouble() >= cell.Loss)
            {
                _packets.Enqueue(packet.ToArray(), (_freeAt + cell.OneWay + late, _order++));
            }
        }
    }

    /// <summary>The next packet that has arrived.</summary>
    public bool TryReceive(TimeSpan now, out byte[] packet)
    {
        if (NextDue is { } due && due <= now)
        {
            packet = _packets.Dequeue();
            return true;
        }

        packet = [];
        return false;
    }

    private static TimeSpan OnWire(int bytes) => new(bytes * 8 * TimeSpan.TicksPerSecond / GridCell.BitsPerSecond);
}
