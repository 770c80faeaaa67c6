namespace Telepresence.Engine.Vif;

/// <summary>Lets taps see what passes a device. Without one it costs a look at a field for each packet.</summary>
internal sealed class TapDevice : IPacketDevice
{
    private readonly IPacketDevice _inner;
    private readonly TapQueue[] _queues;
    private readonly Lock _changing = new();
    private volatile IPacketTap[]? _taps;

    /// <param name="inner">Owned.</param>
    public TapDevice(IPacketDevice inner)
    {
        _inner = inner;
        _queues = [.. inner.Queues.Select(queue => new TapQueue(this, queue))];
    }

    public string Name => _inner.Name;

    public int Index => _inner.Index;

    public int Mtu => _inner.Mtu;

    public IReadOnlyList<IPacketQueue> Queues => _queues;

    /// <summary>From now on the tap sees packets. Any thread.</summary>
    public void Add(IPacketTap tap)
    {
        lock (_changing)
            _taps = [.. _taps ?? [], tap];
    }

    /// <summary>A loop that is in the middle of a packet may still show it. Any thread.</summary>
    public void Remove(IPacketTap tap)
    {
        lock (_changing)
        {
            IPacketTap[] left = [.. (_taps ?? []).Where(t => t != tap)];
            _taps = left.Length > 0 ? left : null;
        }
    }

    public void Dispose() => _inner.Dispose();

    private sealed class TapQueue(TapDevice device, IPacketQueue inner) : IPacketQueue
    {
        public DeviceOffloads Offloads => inner.Offloads;

        public bool TryRead(PacketBuffer packet)
        {
            if (!inner.TryRead(packet))
                return false;
            if (device._taps is { } taps)
                Show(taps, packet, isInbound: false);
            return true;
        }

        public void Write(PacketBuffer packet)
        {
            if (device._taps is { } taps)
                Show(taps, packet, isInbound: true);
            inner.Write(packet);
        }

        public void Wait(int timeoutMilliseconds) => inner.Wait(timeoutMilliseconds);

        public void Wake() => inner.Wake();

        private static void Show(IPacketTap[] taps, PacketBuffer packet, bool isInbound)
        {
            foreach (var tap in taps)
                tap.OnPacket(packet.Packet, isInbound);
        }
    }
}
