namespace Telepresence.Engine.Vif;

/// <summary>
/// Two ends of a wire in memory, for tests: what is written to a queue of one end is read from the same queue of the
/// other. A full queue drops, as a network does.
/// </summary>
internal sealed class MemoryDevice : IPacketDevice
{
    private readonly MemoryQueue[] _queues;

    private MemoryDevice(string name, int mtu, MemoryQueue[] queues)
    {
        Name = name;
        Mtu = mtu;
        _queues = queues;
    }

    public string Name { get; }

    public int Index => 0;

    public int Mtu { get; }

    public IReadOnlyList<IPacketQueue> Queues => _queues;

    /// <summary>Packets that found the other end's queue full.</summary>
    public long Dropped => _queues.Sum(q => q.Dropped);

    /// <param name="capacity">Packets that a queue holds.</param>
    public static (MemoryDevice Near, MemoryDevice Far) CreatePair(
        int mtu = 1500,
        int queueCount = 1,
        int capacity = 1024,
        DeviceOffloads offloads = DeviceOffloads.None
    )
    {
        var near = new MemoryQueue[queueCount];
        var far = new MemoryQueue[queueCount];
        for (var i = 0; i < queueCount; i++)
        {
            near[i] = new MemoryQueue(capacity, offloads);
            far[i] = new MemoryQueue(capacity, offloads);
            near[i].Peer = far[i];
            far[i].Peer = near[i];
        }
        return (new MemoryDevice("near", mtu, near), new MemoryDevice("far", mtu, far));
    }

    public void Dispose()
    {
        foreach (var queue in _queues)
        {
            queue.Close();
        }
    }
}
