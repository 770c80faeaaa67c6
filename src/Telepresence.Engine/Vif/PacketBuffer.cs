namespace Telepresence.Engine.Vif;

/// <summary>
/// A reusable packet of up to 65,575 bytes with headroom in front, so that a device can put its own header (virtio-net)
/// before the packet without a copy. Pinned, so that system calls need no fixing. Owned by one thread at a time.
/// </summary>
internal sealed class PacketBuffer
{
    /// <summary>Bytes before the packet that belong to the device.</summary>
    public const int Headroom = 16;

    /// <summary>Largest packet: IPv6's header and what its payload length field can say. IPv4's limit is 40 less.</summary>
    public const int Capacity = 40 + 65_535;

    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(Headroom + Capacity + 1, pinned: true);

    /// <summary>Length of the packet in bytes, 0 to <see cref="Capacity"/>.</summary>
    public int Length { get; set; }

    /// <summary>Offload facts of the packet; set by the device on reads and by the stack on writes.</summary>
    public PacketOffload Offload { get; set; }

    /// <summary>The packet itself.</summary>
    public Span<byte> Packet => _bytes.AsSpan(Headroom, Length);

    /// <summary>All room for a packet, whatever <see cref="Length"/> is.</summary>
    public Span<byte> Room => _bytes.AsSpan(Headroom, Capacity);

    /// <summary>Headroom and all room in one piece: for devices only.</summary>
    public Span<byte> Raw => _bytes;
}

/// <summary>How a super-packet is to be cut.</summary>
internal enum Segmentation : byte
{
    None = 0,
    Tcp4 = 1,
    Udp = 5,
    Tcp6 = 4,
}

/// <summary>
/// What virtio_net_hdr says about a packet (virtio 1.3 §5.1.6). Offsets count from the packet's first byte.
/// </summary>
/// <param name="PartialChecksum">
/// The transport checksum field holds only the pseudo-header's sum; whoever needs it computes the rest from
/// <paramref name="ChecksumStart"/> and stores it at <c>ChecksumStart + ChecksumOffset</c>. On a packet that was read it
/// also means that the payload never left this machine and needs no verification.
/// </param>
/// <param name="ChecksumStart">First byte the checksum covers.</param>
/// <param name="ChecksumOffset">Where the checksum field lies, relative to <paramref name="ChecksumStart"/>.</param>
/// <param name="Segmentation">None for an ordinary packet.</param>
/// <param name="SegmentSize">Payload bytes of each segment (MSS for TCP).</param>
/// <param name="HeaderLength">Length of the IP and transport headers.</param>
internal readonly record struct PacketOffload(
    bool PartialChecksum,
    ushort ChecksumStart,
    ushort ChecksumOffset,
    Segmentation Segmentation,
    ushort SegmentSize,
    ushort HeaderLength
);
