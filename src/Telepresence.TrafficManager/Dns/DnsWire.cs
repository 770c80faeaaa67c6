using System.Buffers.Binary;
using System.Text;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Dns;

/// <summary>Resource records as LookupDNS carries them: RFC 1035's format, never compressed, one after the other.</summary>
internal static class DnsWire
{
    public const ushort TypeA = 1;
    public const ushort TypeNs = 2;
    public const ushort TypeCname = 5;
    public const ushort TypePtr = 12;
    public const ushort TypeMx = 15;
    public const ushort TypeTxt = 16;
    public const ushort TypeAaaa = 28;
    public const ushort TypeSrv = 33;

    private const ushort ClassInternet = 1;
    private const int MaxNameLength = 255;
    private const int MaxLabelLength = 63;

    /// <summary>Whether a text can be written as a name.</summary>
    public static bool IsName(string text)
    {
        if (text is "." or "")
            return false;
        var trimmed = text.EndsWith('.') ? text[..^1] : text;
        return trimmed.Length + 2 <= MaxNameLength
            && trimmed.Split('.').All(label => label.Length is > 0 and <= MaxLabelLength && label.All(char.IsAscii));
    }

    public static byte[] EncodeName(string name)
    {
        var trimmed = name.EndsWith('.') ? name[..^1] : name;
        if (trimmed.Length == 0)
            return [0];
        var bytes = new byte[trimmed.Length + 2];
        var at = 0;
        foreach (var label in trimmed.Split('.'))
        {
            bytes[at] = (byte)label.Length;
            at += 1 + Encoding.ASCII.GetBytes(label, bytes.AsSpan(at + 1));
        }
        return bytes;
    }

    /// <summary>A recursive query for one name.</summary>
    public static byte[] EncodeQuery(ushort id, string name, ushort type)
    {
        var owner = EncodeName(name);
        var query = new byte[12 + owner.Length + 4];
        BinaryPrimitives.WriteUInt16BigEndian(query, id);
        query[2] = 1;
        query[5] = 1;
        owner.CopyTo(query, 12);
        BinaryPrimitives.WriteUInt16BigEndian(query.AsSpan(12 + owner.Length), type);
        BinaryPrimitives.WriteUInt16BigEndian(query.AsSpan(14 + owner.Length), ClassInternet);
        return query;
    }

    public static byte[] EncodeRecords(IReadOnlyList<ClusterDnsRecord> records)
    {
        var stream = new MemoryStream();
        Span<byte> fixedPart = stackalloc byte[10];
        foreach (var record in records)
        {
            stream.Write(EncodeName(record.Name));
            BinaryPrimitives.WriteUInt16BigEndian(fixedPart, record.Type);
            BinaryPrimitives.WriteUInt16BigEndian(fixedPart[2..], ClassInternet);
            BinaryPrimitives.WriteUInt32BigEndian(fixedPart[4..], record.TimeToLive);
            BinaryPrimitives.WriteUInt16BigEndian(fixedPart[8..], (ushort)record.Data.Length);
            stream.Write(fixedPart);
            stream.Write(record.Data);
        }
        return stream.ToArray();
    }
}
