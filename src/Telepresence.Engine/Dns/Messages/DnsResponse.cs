using System.Buffers.Binary;

namespace Telepresence.Engine.Dns;

/// <summary>Writes answers to a query: its own header and question, then what was found.</summary>
internal static class DnsResponse
{
    /// <summary>Where every answer's question starts, and what a compressed owner name therefore points to.</summary>
    public const ushort QuestionPointer = 0xC000 | DnsQuery.HeaderLength;

    /// <summary>What we take by UDP ourselves (the size agreed on DNS flag day 2020).</summary>
    private const ushort OwnUdpPayload = 1232;
    private const int OptLength = 11;
    private const ushort ResponseFlag = 0x8000;
    private const ushort AuthoritativeFlag = 0x0400;
    private const ushort TruncatedFlag = 0x0200;
    private const ushort RecursionAvailableFlag = 0x0080;

    /// <summary>Opcode, RD and CD go back as they came (RFC 1035 §4.1.1, RFC 4035 §3.1.6).</summary>
    private const ushort EchoedFlags = 0x7800 | 0x0100 | 0x0010;

    /// <param name="records">Complete records whose compression pointers, if any, lead to the question.</param>
    /// <param name="limit">Longest answer; over it, the records are left out and TC is set.</param>
    /// <param name="destination">At least 65,535 bytes.</param>
    public static int Write(
        ReadOnlySpan<byte> request,
        in DnsQuery query,
        int responseCode,
        bool authoritative,
        bool recursionAvailable,
        int recordCount,
        ReadOnlySpan<byte> records,
        int limit,
        Span<byte> destination
    )
    {
        var length = query.QuestionEnd + (query.HasEdns ? OptLength : 0);
        var flags = (ushort)(ResponseFlag | (query.Flags & EchoedFlags) | (responseCode & 0xF));
        if (authoritative)
            flags |= AuthoritativeFlag;
        if (recursionAvailable)
            flags |= RecursionAvailableFlag;
        if (length + records.Length > limit)
        {
            flags |= TruncatedFlag;
            records = [];
            recordCount = 0;
        }
        request[..query.QuestionEnd].CopyTo(destination);
        WriteHeader(destination, flags, questions: 1, recordCount, query.HasEdns ? 1 : 0);
        records.CopyTo(destination[query.QuestionEnd..]);
        if (query.HasEdns)
            WriteOpt(destination.Slice(query.QuestionEnd + records.Length, OptLength), query, responseCode);
        return length + records.Length;
    }

    /// <summary>FORMERR, with nothing of a message that could not be read but its id.</summary>
    public static int WriteFormatError(ReadOnlySpan<byte> request, Span<byte> destination)
    {
        var flags = BinaryPrimitives.ReadUInt16BigEndian(request[2..]);
        request[..2].CopyTo(destination);
        WriteHeader(
            destination,
            (ushort)(ResponseFlag | (flags & EchoedFlags) | ResponseCode.FormatError),
            questions: 0,
            answers: 0,
            additional: 0
        );
        return DnsQuery.HeaderLength;
    }

    /// <summary>RCODE of an answer, without the extended bits.</summary>
    public static int CodeOf(ReadOnlySpan<byte> response) =>
        response.Length < DnsQuery.HeaderLength ? ResponseCode.ServerFailure : response[3] & 0xF;

    public static bool IsTruncated(ReadOnlySpan<byte> response) =>
        response.Length >= DnsQuery.HeaderLength
        && (BinaryPrimitives.ReadUInt16BigEndian(response[2..]) & TruncatedFlag) != 0;

    private static void WriteHeader(Span<byte> destination, ushort flags, int questions, int answers, int additional)
    {
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], flags);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)questions);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], (ushort)answers);
        BinaryPrimitives.WriteUInt16BigEndian(destination[8..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], (ushort)additional);
    }

    private static void WriteOpt(Span<byte> destination, in DnsQuery query, int responseCode)
    {
        destination[0] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(destination[1..], RecordType.Opt);
        BinaryPrimitives.WriteUInt16BigEndian(destination[3..], OwnUdpPayload);
        destination[5] = (byte)(responseCode >> 4);
        destination[6] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(destination[7..], (ushort)(query.DnssecOk ? 0x8000 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(destination[9..], 0);
    }
}
