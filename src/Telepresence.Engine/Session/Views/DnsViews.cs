using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using Telepresence.Client.Objects;
using Telepresence.Engine.Dns;

namespace Telepresence.Engine.Session.Views;

/// <summary>DNS answers and queries as users see them.</summary>
internal static class DnsViews
{
    private const int HeaderLength = 12;

    private static readonly (string Name, ushort Type)[] _types =
    [
        ("A", RecordType.A),
        ("AAAA", RecordType.Aaaa),
        ("CNAME", RecordType.CName),
        ("MX", RecordType.MX),
        ("NS", RecordType.NS),
        ("PTR", RecordType.Ptr),
        ("SRV", RecordType.Srv),
        ("TXT", RecordType.Txt),
    ];

    /// <summary>The type's number; null for one that nobody can look up here.</summary>
    public static ushort? TypeNumber(string name)
    {
        foreach (var (text, type) in _types)
        {
            if (string.Equals(text, name, StringComparison.OrdinalIgnoreCase))
                return type;
        }
        return null;
    }

    public static string TypeName(ushort type)
    {
        foreach (var (text, number) in _types)
        {
            if (number == type)
                return text;
        }
        return $"TYPE{type}";
    }

    public static string CodeName(int code) =>
        code switch
        {
            ResponseCode.NoError => "NOERROR",
            ResponseCode.FormatError => "FORMERR",
            ResponseCode.ServerFailure => "SERVFAIL",
            ResponseCode.NonexistentDomain => "NXDOMAIN",
            ResponseCode.NotImplemented => "NOTIMP",
            ResponseCode.Refused => "REFUSED",
            _ => $"RCODE{code}",
        };

    public static DnsAnswerSource SourceOf(DnsAnsweredBy by) =>
        by switch
        {
            DnsAnsweredBy.Cluster => DnsAnswerSource.Cluster,
            DnsAnsweredBy.Upstream => DnsAnswerSource.Upstream,
            DnsAnsweredBy.Cache => DnsAnswerSource.Cache,
            _ => DnsAnswerSource.Local,
        };

    /// <summary>A query message for one question, recursion desired.</summary>
    /// <returns>Null: the name cannot be written.</returns>
    public static byte[]? Query(string name, ushort type)
    {
        var message = new byte[HeaderLength + DnsName.MaxWireLength + 4];
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), 0x0100);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), 1);
        if (!DnsName.TryWrite(name, message.AsSpan(HeaderLength), out var written))
            return null;
        var end = HeaderLength + written;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(end), type);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(end + 2), 1);
        return message[..(end + 4)];
    }

    /// <summary>The records behind a question, in order.</summary>
    /// <param name="message">Header, question, records.</param>
    /// <param name="offset">Where the records start.</param>
    /// <param name="toCluster">The real address behind a virtual one; null for answers from outside the cluster.</param>
    public static List<TelepresenceDnsRecord> Records(
        ReadOnlySpan<byte> message,
        int offset,
        DnsAnswerSource source,
        string session,
        Func<IPAddress, IPAddress>? toCluster
    )
    {
        var records = new List<TelepresenceDnsRecord>();
        var reader = new DnsRecordReader(message, offset);
        while (!reader.AtEnd && reader.TryRead(out var record))
        {
            if (record.Type == RecordType.Opt)
                continue;
            var data = message.Slice(record.DataOffset, record.DataLength);
            var address =
                record.Type is RecordType.A or RecordType.Aaaa && data.Length is 4 or 16 ? new IPAddress(data) : null;
            records.Add(
                new TelepresenceDnsRecord
                {
                    Name = NameAt(message, record.NameOffset),
                    Type = TypeName(record.Type),
                    TTL = record.TimeToLive,
                    IPAddress = address?.ToString() ?? "",
                    ClusterAddress = address is null ? "" : toCluster?.Invoke(address).ToString() ?? "",
                    NameHost = HostOf(message, record),
                    Priority = record.Type is RecordType.MX or RecordType.Srv ? Number(data, 0) : 0,
                    Weight = record.Type == RecordType.Srv ? Number(data, 2) : 0,
                    Port = record.Type == RecordType.Srv ? Number(data, 4) : 0,
                    Strings = record.Type == RecordType.Txt ? TextOf(data) : "",
                    Source = source,
                    Session = session,
                }
            );
        }
        return records;
    }

    public static TelepresenceDnsQuery View(DnsQueryRecord query) =>
        new()
        {
            Time = query.At.UtcDateTime,
            Name = query.Name.TrimEnd('.'),
            Type = TypeName(query.Type),
            Source = SourceOf(query.By),
            ResponseCode = CodeName(query.ResponseCode),
            Duration = Math.Round(query.Duration.TotalMilliseconds, 3),
            Session = query.Session,
        };

    private static string HostOf(ReadOnlySpan<byte> message, in DnsRecord record) =>
        record.Type switch
        {
            RecordType.CName or RecordType.NS or RecordType.Ptr => NameAt(message, record.DataOffset),
            RecordType.MX when record.DataLength > 2 => NameAt(message, record.DataOffset + 2),
            RecordType.Srv when record.DataLength > 6 => NameAt(message, record.DataOffset + 6),
            _ => "",
        };

    private static string NameAt(ReadOnlySpan<byte> message, int offset)
    {
        Span<char> text = stackalloc char[DnsName.MaxTextLength];
        return DnsName.TryRead(message, ref offset, allowPointers: true, text, out var length)
            ? new string(text[..length]).TrimEnd('.')
            : "";
    }

    private static int Number(ReadOnlySpan<byte> data, int offset) =>
        data.Length >= offset + 2 ? BinaryPrimitives.ReadUInt16BigEndian(data[offset..]) : 0;

    /// <summary>The character strings of a TXT record, joined as most programs do.</summary>
    private static string TextOf(ReadOnlySpan<byte> data)
    {
        var text = new StringBuilder();
        while (!data.IsEmpty && data.Length > data[0])
        {
            text.Append(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetString(data.Slice(1, data[0]))}");
            data = data[(1 + data[0])..];
        }
        return text.ToString();
    }
}
