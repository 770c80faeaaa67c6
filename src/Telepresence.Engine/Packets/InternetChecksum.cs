using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Telepresence.Engine.Packets;

/// <summary>
/// The Internet checksum (RFC 1071) as a running sum. Sums are kept in the machine's byte order, which RFC 1071 §2(B)
/// allows as long as the result is stored the same way; <see cref="Finish"/> and <see cref="Fold"/> give wire order.
/// </summary>
internal static class InternetChecksum
{
    /// <summary>Adds bytes to a running sum. Every span but the last must be of even length.</summary>
    public static ulong Add(ulong sum, ReadOnlySpan<byte> bytes)
    {
        if (Vector.IsHardwareAccelerated && bytes.Length >= 2 * Vector<byte>.Count)
        {
            sum = AddVectors(sum, ref bytes);
        }

        while (bytes.Length >= 4)
        {
            sum += MemoryMarshal.Read<uint>(bytes);
            bytes = bytes[4..];
        }

        if (bytes.Length >= 2)
        {
            sum += MemoryMarshal.Read<ushort>(bytes);
            bytes = bytes[2..];
        }

        if (bytes.Length > 0)
        {
            // The odd byte is padded with a zero behind it on the wire.
            sum += BitConverter.IsLittleEndian ? bytes[0] : (uint)bytes[0] << 8;
        }

        return sum;
    }

    /// <summary>Adds a 16-bit value that has yet to be put on the wire.</summary>
    public static ulong Add(ulong sum, ushort value) =>
        sum + (BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value);

    /// <summary>The pseudo-header of RFC 9293 §3.1 or RFC 8200 §8.1.</summary>
    public static ulong PseudoHeader(NetAddress source, NetAddress destination, byte protocol, int length)
    {
        Span<byte> bytes = stackalloc byte[40];
        if (source.IsIPv4)
        {
            source.WriteTo(bytes);
            destination.WriteTo(bytes[4..]);
            bytes = bytes[..8];
        }
        else
        {
            source.WriteTo(bytes);
            destination.WriteTo(bytes[16..]);
            bytes = bytes[..32];
        }

        // Zero-extended protocol and length add the same to the sum in both families' layouts.
        return Add(Add(Add(0, bytes), protocol), (ushort)length)
            + (length > ushort.MaxValue ? Add(0, (ushort)(length >> 16)) : 0);
    }

    /// <summary>The 16-bit one's complement sum, not complemented, as a number to be written big-endian.</summary>
    public static ushort Fold(ulong sum)
    {
        sum = (sum & 0xffff_ffff) + (sum >> 32);
        sum = (sum & 0xffff_ffff) + (sum >> 32);
        var folded = (uint)sum;
        folded = (folded & 0xffff) + (folded >> 16);
        folded = (folded & 0xffff) + (folded >> 16);
        return BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness((ushort)folded) : (ushort)folded;
    }

    /// <summary>The checksum field's value for a sum taken with the field at zero.</summary>
    public static ushort Finish(ulong sum) => (ushort)~Fold(sum);

    /// <summary>Whether a sum that includes the checksum field is right.</summary>
    public static bool IsValid(ulong sum) => Fold(sum) == 0xffff;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong AddVectors(ulong sum, ref ReadOnlySpan<byte> bytes)
    {
        // 32-bit lanes widened to 64 bits cannot overflow for any packet.
        var vectors = MemoryMarshal.Cast<byte, Vector<uint>>(bytes);
        var low = Vector<ulong>.Zero;
        var high = Vector<ulong>.Zero;
        foreach (var vector in vectors)
        {
            Vector.Widen(vector, out var first, out var second);
            low += first;
            high += second;
        }

        bytes = bytes[(vectors.Length * Vector<byte>.Count)..];
        return sum + Vector.Sum(low) + Vector.Sum(high);
    }
}
