namespace Telepresence.Engine.Vif;

/// <summary>
/// A bad network in front of a device: drops, reorders, doubles and delays packets in both directions. The random
/// source is passed in, so a run can be repeated; it is used by one queue at a time under a lock.
/// </summary>
internal sealed class ImpairedDevice : IPacketDevice
{
    private readonly IPacketDevice _inner;
    private readonly ImpairedQueue[] _queues;

    public ImpairedDevice(IPacketDevice inner, Impairments impairments, Random random, TimeProvider? time = null)
    {
        _inner = inner;
        var gate = new Lock();
        _queues =
        [
            .. inner.Queues.Select(q => new ImpairedQueue(q, impairments, random, gate, time ?? TimeProvider.System)),
        ];
    }

    public string Name => _inner.Name;

    public int Index => _inner.Index;

    public int Mtu => _inner.Mtu;

    public IReadOnlyList<IPacketQueue> Queues => _queues;

    /// <summary>Packets dropped, both directions: a test asserts that something happened.</summary>
    public long Dropped => _queues.Sum(q => q.Dropped);

    public long Reordered => _queues.Sum(q => q.Reordered);

    public long Duplicated => _queues.Sum(q => q.Duplicated);

    public void Dispose() => _inner.Dispose();
}
