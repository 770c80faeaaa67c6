using System.Buffers.Binary;
using System.Text;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Dns;

/// <summary>Reads answers of name servers; names within them are decompressed.</summary>
internal static class DnsAnswer
{
    private const int HeaderLength = 12;
    private const byte TruncatedBit = 0x02;
    private const byte ResponseBit = 0x80;

    // Every jump goes backwards, so a name cannot take more of them than this.
    private const int MaxJumps = 128;

    /// <summary>False: no answer to that query.</summary>
    /// <param name="truncated">Ask again over TCP.</param>
    public static bool TryParse(ReadOnlySpan<byte> message, ushort id, out ClusterDnsAnswer answer, out bool truncated)
    {
        answer = new ClusterDnsAnswer(2, []);
        truncated = false;
        if (
            message.Length < HeaderLength
            || BinaryPrimitives.ReadUInt16BigEndian(message) != id
            || (message[2] & ResponseBit) == 0
        )
            return false;
        truncated = (message[2] & TruncatedBit) != 0;
        var questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        var answers = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        var at = HeaderLength;
        for (var i = 0; i < questions; i++)
        {
            if (!TryReadName(message, ref at, out _) || (at += 4) > message.Length)
                return false;
        }
        var records = new List<ClusterDnsRecord>();
        for (var i = 0; i < answers; i++)
        {
            if (!TryReadRecord(message, ref at, out var record))
                return false;
            records.Add(record!);
        }
        answer = new ClusterDnsAnswer(message[3] & 0x0f, records);
        return true;
    }

    private static bool TryReadRecord(ReadOnlySpan<byte> message, ref int at, out ClusterDnsRecord? record)
    {
        record = null;
        if (!TryReadName(message, ref at, out var owner) || at + 10 > message.Length)
            return false;
        var type = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
        var timeToLive = BinaryPrimitives.ReadUInt32BigEndian(message[(at + 4)..]);
        var length = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 8)..]);
        at += 10;
        if (at + length > message.Length || !TryReadData(message, at, length, type, out var data))
            return false;
        at += length;
        record = new ClusterDnsRecord(owner, type, data, timeToLive);
        return true;
    }

    private static bool TryReadData(ReadOnlySpan<byte> message, int at, int length, ushort type, out byte[] data)
    {
        var fixedLength = type switch
        {
            DnsWire.TypeNs or DnsWire.TypeCname or DnsWire.TypePtr => 0,
            DnsWire.TypeMx => 2,
            DnsWire.TypeSrv => 6,
            _ => length,
        };
        data = [];
        if (fixedLength > length)
            return false;
        var head = message.Slice(at, fixedLength);
        if (fixedLength == length)
        {
            data = head.ToArray();
            // A record whose name is missing is none; one without a name has just been copied.
            return type
                is not (DnsWire.TypeNs or DnsWire.TypeCname or DnsWire.TypePtr or DnsWire.TypeMx or DnsWire.TypeSrv);
        }
        var end = at + fixedLength;
        if (!TryReadName(message, ref end, out var name) || end != at + length)
            return false;
        data = [.. head, .. DnsWire.EncodeName(name)];
        return true;
    }

    /// <summary>A name at <paramref name="at"/>, which moves behind it; pointers are followed.</summary>
    public static bool TryReadName(ReadOnlySpan<byte> message, ref int at, out string name)
    {
        name = ".";
        var text = new StringBuilder();
        var position = at;
        var jumps = 0;
        while (true)
        {
            if (position >= message.Length)
                return false;
            int length = message[position];
            if (length >= 0xc0)
            {
                if (position + 1 >= message.Length || ++jumps > MaxJumps)
                    return false;
                var target = ((length & 0x3f) << 8) | message[position + 1];
                if (jumps == 1)
                    at = position + 2;
                if (target >= position)
                    return false;
                position = target;
                continue;
            }
            if (length > 63 || position + 1 + length > message.Length || text.Length + length > 253)
                return false;
            if (length == 0)
                break;
            foreach (var b in message.Slice(position + 1, length))
            {
                // A dot or a foreign byte within a label has no place in the text form; no cluster name has one.
                if (b is <= 0x20 or >= 0x7f or (byte)'.')
                    return false;
                text.Append((char)b);
            }
            text.Append('.');
            position += 1 + length;
        }
        if (jumps == 0)
            at = position + 1;
        if (text.Length > 0)
            name = text.ToString();
        return true;
    }
}
