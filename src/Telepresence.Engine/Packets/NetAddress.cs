using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.Engine.Packets;

/// <summary>
/// An IPv4 or IPv6 address as a value for keys on the packet path. IPv4 is held in its mapped form, ::ffff:0:0/96, which
/// must not appear in packets on a wire (RFC 4291 §2.5.5.2), so the two families cannot be mistaken for each other.
/// </summary>
internal readonly record struct NetAddress(ulong High, ulong Low)
{
    private const ulong MappedPrefix = 0x0000_ffff_0000_0000;

    /// <summary>True for IPv4.</summary>
    public bool IsIPv4 => High == 0 && (Low & 0xffff_ffff_0000_0000) == MappedPrefix;

    /// <summary>Bytes on the wire: 4 or 16.</summary>
    public int Length => IsIPv4 ? 4 : 16;

    /// <summary>Multicast of either family, or IPv4's limited broadcast.</summary>
    public bool IsMulticast => IsIPv4 ? ((uint)Low >> 28) == 0xe || (uint)Low == uint.MaxValue : High >> 56 == 0xff;

    /// <summary>0.0.0.0 or ::.</summary>
    public bool IsUnspecified => High == 0 && (Low == 0 || Low == MappedPrefix);

    /// <summary>127.0.0.0/8 or ::1, which no network may carry (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).</summary>
    public bool IsLoopback => IsIPv4 ? (byte)(Low >> 24) == 127 : High == 0 && Low == 1;

    /// <summary>May stand for one host on a network: neither multicast, broadcast, loopback nor unspecified.</summary>
    public bool IsHost => !IsMulticast && !IsLoopback && !IsUnspecified;

    /// <summary>Reads four bytes.</summary>
    public static NetAddress ReadIPv4(ReadOnlySpan<byte> bytes) =>
        new(0, MappedPrefix | BinaryPrimitives.ReadUInt32BigEndian(bytes));

    /// <summary>Reads sixteen bytes.</summary>
    public static NetAddress ReadIPv6(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>From the framework's type; an IPv4-mapped IPv6 address becomes IPv4.</summary>
    public static NetAddress From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        return address.AddressFamily == AddressFamily.InterNetwork ? ReadIPv4(bytes) : ReadIPv6(bytes);
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    public void WriteTo(Span<byte> destination)
    {
        if (IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)Low);
            return;
        }

        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }

    /// <summary>The framework's type. Allocates.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        WriteTo(bytes);
        return new IPAddress(bytes[..Length]);
    }

    public override string ToString() => ToIPAddress().ToString();
}
