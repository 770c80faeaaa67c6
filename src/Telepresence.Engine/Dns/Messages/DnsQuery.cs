using System.Buffers.Binary;

namespace Telepresence.Engine.Dns;

/// <summary>What <see cref="DnsQuery.Parse"/> made of a message.</summary>
internal enum DnsParseResult
{
    /// <summary>A question that can be answered.</summary>
    Query,

    /// <summary>A request other than QUERY, or of another class than IN: none of ours, but well-formed as far as it was read.</summary>
    Foreign,

    /// <summary>To be answered FORMERR.</summary>
    Malformed,

    /// <summary>No answer is due: too short to have an id, or an answer itself.</summary>
    Drop,
}

/// <summary>A request's header, question and EDNS0 part (RFC 1035 §4.1, RFC 6891 §6.1).</summary>
internal readonly record struct DnsQuery
{
    public const int HeaderLength = 12;
    public const int MinUdpPayload = 512;

    private const ushort ResponseFlag = 0x8000;
    private const ushort OpcodeMask = 0x7800;
    private const ushort ClassInternet = 1;

    public required ushort Flags { get; init; }

    public required ushort Type { get; init; }

    /// <summary>Behind the only question.</summary>
    public required int QuestionEnd { get; init; }

    public bool HasEdns { get; init; }

    public byte EdnsVersion { get; init; }

    /// <summary>The DO bit (RFC 3225).</summary>
    public bool DnssecOk { get; init; }

    /// <summary>Largest UDP answer the client takes, at least 512.</summary>
    public int MaxUdpPayload { get; init; }

    /// <param name="name">At least <see cref="DnsName.MaxTextLength"/>.</param>
    public static DnsParseResult Parse(
        ReadOnlySpan<byte> message,
        Span<char> name,
        out int nameLength,
        out DnsQuery query
    )
    {
        query = default;
        nameLength = 0;
        if (message.Length < HeaderLength)
            return DnsParseResult.Drop;
        var flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if ((flags & ResponseFlag) != 0)
            return DnsParseResult.Drop;
        if ((flags & OpcodeMask) != 0)
            return DnsParseResult.Foreign;
        int questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]);
        var others =
            BinaryPrimitives.ReadUInt16BigEndian(message[6..]) + BinaryPrimitives.ReadUInt16BigEndian(message[8..]);
        int additional = BinaryPrimitives.ReadUInt16BigEndian(message[10..]);
        var offset = HeaderLength;
        if (
            questions != 1
            || !DnsName.TryRead(message, ref offset, allowPointers: false, name, out nameLength)
            || message.Length - offset < 4
        )
            return DnsParseResult.Malformed;
        var type = BinaryPrimitives.ReadUInt16BigEndian(message[offset..]);
        var @class = BinaryPrimitives.ReadUInt16BigEndian(message[(offset + 2)..]);
        offset += 4;
        query = new DnsQuery
        {
            Flags = flags,
            Type = type,
            QuestionEnd = offset,
            MaxUdpPayload = MinUdpPayload,
        };
        if (!TryReadRest(message, offset, others, additional, ref query))
            return DnsParseResult.Malformed;
        return @class == ClassInternet ? DnsParseResult.Query : DnsParseResult.Foreign;
    }

    private static bool TryReadRest(
        ReadOnlySpan<byte> message,
        int offset,
        int others,
        int additional,
        ref DnsQuery query
    )
    {
        var reader = new DnsRecordReader(message, offset);
        for (var i = 0; i < others + additional; i++)
        {
            if (!reader.TryRead(out var record))
                return false;
            if (record.Type != RecordType.Opt)
                continue;
            // RFC 6891 §6.1.1: once, in the additional section, owned by the root.
            if (i < others || query.HasEdns || message[record.NameOffset] != 0)
                return false;
            query = query with
            {
                HasEdns = true,
                EdnsVersion = (byte)(record.TimeToLive >> 16),
                DnssecOk = (record.TimeToLive & 0x8000) != 0,
                MaxUdpPayload = Math.Max(MinUdpPayload, (int)record.Class),
            };
        }
        return reader.AtEnd;
    }
}
