using System.Buffers.Binary;

namespace Telepresence.Engine.Dns;

/// <summary>Writes questions of our own.</summary>
internal static class DnsQuestion
{
    /// <summary>A recursive query with id 0: whoever sends it chooses one.</summary>
    /// <exception cref="ArgumentException"><paramref name="name"/> is no domain name.</exception>
    public static byte[] Write(string name, ushort type)
    {
        Span<byte> message = stackalloc byte[DnsQuery.HeaderLength + DnsName.MaxWireLength + 4];
        message.Clear();
        message[2] = 1;
        message[5] = 1;
        if (!DnsName.TryWrite(name, message[DnsQuery.HeaderLength..], out var length))
            throw new ArgumentException($"'{name}' is no domain name", nameof(name));
        var end = DnsQuery.HeaderLength + length;
        BinaryPrimitives.WriteUInt16BigEndian(message[end..], type);
        BinaryPrimitives.WriteUInt16BigEndian(message[(end + 2)..], 1);
        return message[..(end + 4)].ToArray();
    }
}
