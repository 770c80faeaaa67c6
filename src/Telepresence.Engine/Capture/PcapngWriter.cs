using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Telepresence.Engine.Capture;

/// <summary>
/// Writes a capture of one interface as pcapng (draft-ietf-opsawg-pcapng): section header, interface, then packets and names, and
/// statistics at the end. Little-endian, times in nanoseconds.
/// </summary>
/// <param name="stream">Stays its owner's.</param>
internal sealed class PcapngWriter(Stream stream)
{
    private const uint SectionHeader = 0x0A0D0D0A;
    private const uint InterfaceDescription = 1;
    private const uint NameResolution = 4;
    private const uint InterfaceStatistics = 5;
    private const uint EnhancedPacket = 6;
    private const uint ByteOrderMagic = 0x1A2B3C4D;

    /// <summary>LINKTYPE_RAW: IPv4 or IPv6, told by its first bits.</summary>
    private const ushort RawIp = 101;

    private const ushort EndOfOptions = 0;
    private const ushort Comment = 1;
    private const ushort UserApplication = 4;
    private const ushort InterfaceName = 2;
    private const ushort InterfaceDescriptionText = 3;
    private const ushort TimeResolution = 9;
    private const ushort PacketFlags = 2;
    private const ushort StatisticsReceived = 4;
    private const ushort StatisticsDropped = 5;
    private const byte Nanoseconds = 9;

    private byte[] _block = new byte[4096];
    private int _length;

    /// <summary>Bytes written so far.</summary>
    public long Written { get; private set; }

    /// <summary>What every file begins with.</summary>
    /// <param name="application">Who writes it, and its version.</param>
    /// <param name="interfaceName">Such as <c>tel0</c>.</param>
    /// <param name="description">Of the interface.</param>
    public async ValueTask BeginAsync(
        string application,
        string interfaceName,
        string description,
        CancellationToken cancellationToken
    )
    {
        Begin(SectionHeader);
        Put(ByteOrderMagic);
        Put((ushort)1);
        Put((ushort)0);
        // Length of the section: not known.
        Put(ulong.MaxValue);
        PutOption(UserApplication, application);
        PutOption(EndOfOptions, "");
        await EndAsync(cancellationToken).ConfigureAwait(false);
        Begin(InterfaceDescription);
        Put(RawIp);
        Put((ushort)0);
        // No limit on a packet's length.
        Put(0u);
        PutOption(InterfaceName, interfaceName);
        PutOption(InterfaceDescriptionText, description);
        PutOption(TimeResolution, [Nanoseconds]);
        PutOption(EndOfOptions, "");
        await EndAsync(cancellationToken).ConfigureAwait(false);
    }

    public ValueTask WritePacketAsync(CapturedPacket packet, CancellationToken cancellationToken)
    {
        Begin(EnhancedPacket);
        Put(0u);
        PutTime(packet.Time);
        Put((uint)packet.Length);
        Put((uint)packet.Length);
        Put(packet.Packet.Span);
        // Inbound is 1, outbound 2, as this machine sees its interface.
        PutOption(PacketFlags, [(byte)(packet.IsInbound ? 1 : 2), 0, 0, 0]);
        PutOption(EndOfOptions, "");
        return EndAsync(cancellationToken);
    }

    /// <summary>Readers show the name in the address' place.</summary>
    public ValueTask WriteNameAsync(IPAddress address, string name, CancellationToken cancellationToken)
    {
        Begin(NameResolution);
        var bytes = address.GetAddressBytes();
        byte[] record = [.. bytes, .. Encoding.UTF8.GetBytes(name), 0];
        PutOption((ushort)(bytes.Length == 4 ? 1 : 2), record);
        // The end of the records looks as that of options does.
        PutOption(EndOfOptions, "");
        return EndAsync(cancellationToken);
    }

    /// <summary>The last block.</summary>
    /// <param name="now">Nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="received">Packets that the filter took.</param>
    /// <param name="dropped">Of these, how many are not in the file.</param>
    public ValueTask WriteStatisticsAsync(
        long now,
        long received,
        long dropped,
        string comment,
        CancellationToken cancellationToken
    )
    {
        Begin(InterfaceStatistics);
        Put(0u);
        PutTime(now);
        PutOption(Comment, comment);
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, received);
        PutOption(StatisticsReceived, number);
        BinaryPrimitives.WriteInt64LittleEndian(number, dropped);
        PutOption(StatisticsDropped, number);
        PutOption(EndOfOptions, "");
        return EndAsync(cancellationToken);
    }

    /// <summary>What was written is in the file now.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);

    private void Begin(uint type)
    {
        _length = 0;
        Put(type);
        // Total length, filled in at the end.
        Put(0u);
    }

    private async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        var total = (uint)(_length + sizeof(uint));
        Put(total);
        BinaryPrimitives.WriteUInt32LittleEndian(_block.AsSpan(sizeof(uint)), total);
        await stream.WriteAsync(_block.AsMemory(0, _length), cancellationToken).ConfigureAwait(false);
        Written += _length;
    }

    private void PutTime(long time)
    {
        Put((uint)(time >> 32));
        Put((uint)time);
    }

    private void PutOption(ushort code, string text) => PutOption(code, Encoding.UTF8.GetBytes(text));

    private void PutOption(ushort code, ReadOnlySpan<byte> value)
    {
        Put(code);
        Put((ushort)value.Length);
        Put(value);
    }

    private void Put(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(sizeof(ushort)), value);

    private void Put(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(sizeof(uint)), value);

    private void Put(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(sizeof(ulong)), value);

    /// <summary>Padded to 32 bits, as everything of variable length is.</summary>
    private void Put(ReadOnlySpan<byte> value)
    {
        var room = Take((value.Length + 3) & ~3);
        value.CopyTo(room);
        room[value.Length..].Clear();
    }

    private Span<byte> Take(int count)
    {
        if (_length + count > _block.Length)
            Array.Resize(ref _block, Math.Max(_block.Length * 2, _length + count));
        _length += count;
        return _block.AsSpan(_length - count, count);
    }
}
