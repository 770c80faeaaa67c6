namespace Telepresence.Engine.Vif;

/// <summary>
/// A layer-3 network device: the kernel's TUN, an in-memory one for tests, or a decorator that drops and reorders.
/// </summary>
internal interface IPacketDevice : IDisposable
{
    /// <summary>Interface name, such as <c>tel0</c>.</summary>
    string Name { get; }

    /// <summary>Interface index as the operating system counts; 0 where there is none (in-memory devices).</summary>
    int Index { get; }

    /// <summary>Largest IP packet on the wire in bytes. Offloaded super-packets may exceed it, up to 65,535.</summary>
    int Mtu { get; }

    /// <summary>At least one. Each queue is used by one loop (thread) only, except <see cref="IPacketQueue.Wake"/>.</summary>
    IReadOnlyList<IPacketQueue> Queues { get; }
}

/// <summary>One receive/transmit queue of an <see cref="IPacketDevice"/>. Not thread-safe except <see cref="Wake"/>.</summary>
internal interface IPacketQueue
{
    /// <summary>What this queue accepts from the stack and may hand to it.</summary>
    DeviceOffloads Offloads { get; }

    /// <summary>Reads one packet into <paramref name="packet"/>; false when none is waiting. Never blocks.</summary>
    bool TryRead(PacketBuffer packet);

    /// <summary>
    /// Writes one packet (a super-packet where <see cref="PacketBuffer.Offload"/> says so). Never blocks; a device whose
    /// transmit queue is full drops, as a network does. The device may overwrite the buffer's headroom.
    /// The buffer stays the caller's.
    /// </summary>
    void Write(PacketBuffer packet);

    /// <summary>Blocks until a packet can be read, <see cref="Wake"/> is called, or the time is over.</summary>
    /// <param name="timeoutMilliseconds">-1 waits for ever.</param>
    void Wait(int timeoutMilliseconds);

    /// <summary>Ends the current or the next <see cref="Wait"/>. Any thread, any time, also after disposal.</summary>
    void Wake();
}

/// <summary>Offloads of a queue, as virtio-net names them.</summary>
[Flags]
internal enum DeviceOffloads
{
    None = 0,

    /// <summary>Packets with a partial checksum may be written and read.</summary>
    Checksum = 1,
    Tcp4Segmentation = 2,
    Tcp6Segmentation = 4,
    Udp4Segmentation = 8,
    Udp6Segmentation = 16,
    All = Checksum | Tcp4Segmentation | Tcp6Segmentation | Udp4Segmentation | Udp6Segmentation,
}
