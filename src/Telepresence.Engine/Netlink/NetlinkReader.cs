using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;

namespace Telepresence.Engine.Netlink;

/// <summary>Walks over the messages of one datagram from the kernel.</summary>
internal ref struct NetlinkReader(ReadOnlySpan<byte> datagram)
{
    private ReadOnlySpan<byte> _rest = datagram;

    /// <summary>False at the end of the datagram.</summary>
    /// <exception cref="NetlinkFormatException">A length that does not fit.</exception>
    public bool TryRead(out NetlinkMessage message)
    {
        message = default;
        if (_rest.IsEmpty)
        {
            return false;
        }
        if (_rest.Length < NetlinkRequest.HeaderLength)
        {
            throw new NetlinkFormatException($"{_rest.Length} bytes cannot hold a message header");
        }
        var length = MemoryMarshal.Read<uint>(_rest);
        if (length < NetlinkRequest.HeaderLength || length > (uint)_rest.Length)
        {
            throw new NetlinkFormatException($"message length {length} in {_rest.Length} bytes");
        }
        message = new NetlinkMessage(
            MemoryMarshal.Read<ushort>(_rest[4..]),
            MemoryMarshal.Read<ushort>(_rest[6..]),
            MemoryMarshal.Read<uint>(_rest[8..]),
            MemoryMarshal.Read<uint>(_rest[12..]),
            _rest[NetlinkRequest.HeaderLength..(int)length]
        );
        _rest = _rest[Math.Min(_rest.Length, ((int)length + 3) & ~3)..];
        return true;
    }
}

/// <summary>One message: header fields and what follows the header.</summary>
internal readonly ref struct NetlinkMessage(
    ushort type,
    ushort flags,
    uint sequence,
    uint portId,
    ReadOnlySpan<byte> payload
)
{
    public ushort Type { get; } = type;

    public ushort Flags { get; } = flags;

    public uint Sequence { get; } = sequence;

    /// <summary>In an answer: ours. In a notification: of the socket that asked for the change, 0 for the kernel itself.</summary>
    public uint PortId { get; } = portId;

    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <summary>The family's fixed header.</summary>
    /// <exception cref="NetlinkFormatException">The message is shorter.</exception>
    public ReadOnlySpan<byte> Body(int length) =>
        length <= Payload.Length
            ? Payload[..length]
            : throw new NetlinkFormatException($"message {Type} has {Payload.Length} of {length} bytes");

    /// <summary>The attributes after a fixed header of <paramref name="bodyLength"/> bytes.</summary>
    public NetlinkAttributes Attributes(int bodyLength)
    {
        Body(bodyLength);
        return new NetlinkAttributes(Payload[Math.Min(Payload.Length, (bodyLength + 3) & ~3)..]);
    }

    /// <summary>The errno of an NLMSG_ERROR as a positive number; 0 is an acknowledgement.</summary>
    public int Error
    {
        get
        {
            var error = MemoryMarshal.Read<int>(Body(4));
            return error == int.MinValue ? int.MaxValue : Math.Abs(error);
        }
    }
}

/// <summary>Walks over attributes; also over the ones nested in an attribute.</summary>
internal ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    // The two top bits say "nested" and "network byte order" and are no part of the type.
    private const ushort TypeMask = 0x3FFF;

    private ReadOnlySpan<byte> _rest = bytes;

    /// <exception cref="NetlinkFormatException">A length that does not fit.</exception>
    public bool TryRead(out NetlinkAttribute attribute)
    {
        attribute = default;
        if (_rest.Length < 4)
        {
            return false;
        }
        int length = MemoryMarshal.Read<ushort>(_rest);
        if (length < 4 || length > _rest.Length)
        {
            throw new NetlinkFormatException($"attribute length {length} in {_rest.Length} bytes");
        }
        attribute = new NetlinkAttribute((ushort)(MemoryMarshal.Read<ushort>(_rest[2..]) & TypeMask), _rest[4..length]);
        _rest = _rest[Math.Min(_rest.Length, (length + 3) & ~3)..];
        return true;
    }
}

/// <summary>One attribute and its readings.</summary>
internal readonly ref struct NetlinkAttribute(ushort type, ReadOnlySpan<byte> value)
{
    public ushort Type { get; } = type;

    public ReadOnlySpan<byte> Value { get; } = value;

    public byte Byte => Take(1)[0];

    public ushort UInt16 => MemoryMarshal.Read<ushort>(Take(2));

    public uint UInt32 => MemoryMarshal.Read<uint>(Take(4));

    /// <summary>A port in network byte order.</summary>
    public ushort Port => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public string Text
    {
        get
        {
            var end = Value.IndexOf((byte)0);
            return Encoding.UTF8.GetString(end < 0 ? Value : Value[..end]);
        }
    }

    /// <exception cref="NetlinkFormatException">Neither four nor sixteen bytes.</exception>
    public IPAddress Address =>
        Value.Length is 4 or 16
            ? new IPAddress(Value)
            : throw new NetlinkFormatException($"an address of {Value.Length} bytes");

    public NetlinkAttributes Nested => new(Value);

    private ReadOnlySpan<byte> Take(int length) =>
        length <= Value.Length
            ? Value
            : throw new NetlinkFormatException($"attribute {Type} has {Value.Length} of {length} bytes");
}
