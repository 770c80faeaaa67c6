using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Telepresence.Engine.Addressing;

/// <summary>Addresses as numbers, so that translation is an addition. IPv4 takes the low 32 bits.</summary>
internal static class AddressBits
{
    public static UInt128 ToBits(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var written);
        return written == 4
            ? BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    public static IPAddress ToAddress(UInt128 bits, AddressFamily family)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (family == AddressFamily.InterNetwork)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)bits);
            return new IPAddress(bytes[..4]);
        }
        BinaryPrimitives.WriteUInt128BigEndian(bytes, bits);
        return new IPAddress(bytes);
    }

    /// <summary>The number of addresses less one: a /0 of IPv6 has 2^128, which no UInt128 holds.</summary>
    public static UInt128 LastOffset(IPNetwork network)
    {
        var hostBits = network.AddressBits() - network.PrefixLength;
        return hostBits == 128 ? UInt128.MaxValue : (UInt128.One << hostBits) - 1;
    }
}
