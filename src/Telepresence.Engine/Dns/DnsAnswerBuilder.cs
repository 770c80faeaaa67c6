using System.Buffers;
using System.Buffers.Binary;
using System.Net;

namespace Telepresence.Engine.Dns;

/// <summary>
/// Puts records together for a <see cref="DnsAnswer"/>: owners re-labelled, addresses translated, TTL 4 (PROTOCOL §3.4:
/// what keeps the operating system's cache fresh).
/// </summary>
/// <param name="name">The name that was looked up; records it owns will be the question's.</param>
internal sealed class DnsAnswerBuilder(string name, IAddressTranslation? translation)
{
    public const uint TimeToLive = 4;

    /// <summary>What still fits a TCP answer next to the longest question and the OPT record.</summary>
    private const int MaxRecordsLength = ushort.MaxValue - DnsQuery.HeaderLength - DnsName.MaxWireLength - 4 - 11;

    private readonly ArrayBufferWriter<byte> _records = new(64);
    private int _count;

    /// <summary>Takes over complete records, all that are in <paramref name="records"/>.</summary>
    /// <returns>False: malformed, or more than an answer can hold.</returns>
    /// <exception cref="Vnat.VirtualSubnetExhaustedException">No virtual address is left.</exception>
    public bool TryAddRecords(ReadOnlySpan<byte> records)
    {
        var reader = new DnsRecordReader(records, 0);
        Span<char> owner = stackalloc char[DnsName.MaxTextLength];
        while (!reader.AtEnd)
        {
            if (!reader.TryRead(out var record))
                return false;
            var offset = record.NameOffset;
            if (!DnsName.TryRead(records, ref offset, allowPointers: false, owner, out var ownerLength))
                return false;
            var data = records.Slice(record.DataOffset, record.DataLength);
            if (!IsDataWellFormed(record.Type, data) || !TryAdd(owner[..ownerLength], record.Type, record.Class, data))
                return false;
        }
        return true;
    }

    /// <summary>Takes over an answer built for <paramref name="owner"/>, translated already.</summary>
    public bool TryAddAnswer(string owner, DnsAnswer answer)
    {
        var reader = new DnsRecordReader(answer.Records, 0);
        Span<char> text = stackalloc char[DnsName.MaxTextLength];
        while (reader.TryRead(out var record))
        {
            var offset = record.NameOffset;
            var isQuestion = (answer.Records[offset] & 0xC0) != 0;
            scoped ReadOnlySpan<char> name = owner;
            if (!isQuestion)
            {
                if (!DnsName.TryRead(answer.Records, ref offset, allowPointers: false, text, out var length))
                    return false;
                name = text[..length];
            }
            var data = answer.Records.AsSpan(record.DataOffset, record.DataLength);
            if (!TryAppend(name, record.Type, record.Class, data))
                return false;
        }
        return reader.AtEnd;
    }

    /// <summary>Takes over the address and CNAME records of an upstream's answer section.</summary>
    /// <returns>False: malformed.</returns>
    public bool TryAddAnswersOf(ReadOnlySpan<byte> message)
    {
        if (message.Length < DnsQuery.HeaderLength)
            return false;
        var offset = DnsQuery.HeaderLength;
        for (var i = BinaryPrimitives.ReadUInt16BigEndian(message[4..]); i > 0; i--)
        {
            if (!DnsName.TrySkip(message, ref offset) || (offset += 4) > message.Length)
                return false;
        }
        var reader = new DnsRecordReader(message, offset);
        Span<char> text = stackalloc char[DnsName.MaxTextLength];
        Span<byte> target = stackalloc byte[DnsName.MaxWireLength];
        for (var i = BinaryPrimitives.ReadUInt16BigEndian(message[6..]); i > 0; i--)
        {
            if (!reader.TryRead(out var record))
                return false;
            scoped var data = message.Slice(record.DataOffset, record.DataLength);
            if (record.Type == RecordType.CName)
            {
                var dataOffset = record.DataOffset;
                if (
                    !DnsName.TryRead(message, ref dataOffset, allowPointers: true, text, out var targetLength)
                    || !DnsName.TryWrite(text[..targetLength], target, out var written)
                )
                    return false;
                data = target[..written];
            }
            else if (record.Type is not (RecordType.A or RecordType.Aaaa) || !IsDataWellFormed(record.Type, data))
            {
                continue;
            }
            var nameOffset = record.NameOffset;
            if (
                !DnsName.TryRead(message, ref nameOffset, allowPointers: true, text, out var ownerLength)
                || !TryAdd(text[..ownerLength], record.Type, record.Class, data)
            )
                return false;
        }
        return true;
    }

    /// <exception cref="Vnat.VirtualSubnetExhaustedException">No virtual address is left.</exception>
    public bool TryAddAddress(ReadOnlySpan<char> owner, IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        return TryAdd(owner, length == 4 ? RecordType.A : RecordType.Aaaa, 1, bytes[..length]);
    }

    /// <returns>False: <paramref name="target"/> is no domain name.</returns>
    public bool TryAddName(ReadOnlySpan<char> owner, ushort type, string target)
    {
        Span<byte> bytes = stackalloc byte[DnsName.MaxWireLength];
        return DnsName.TryWrite(target, bytes, out var length) && TryAdd(owner, type, 1, bytes[..length]);
    }

    public DnsAnswer Build() => new(ResponseCode.NoError, _count, _records.WrittenSpan.ToArray());

    private bool TryAdd(ReadOnlySpan<char> owner, ushort type, ushort @class, scoped ReadOnlySpan<byte> data)
    {
        Span<byte> translated = stackalloc byte[16];
        if (translation is not null && type is RecordType.A or RecordType.Aaaa)
        {
            translation.ToVirtual(new IPAddress(data)).TryWriteBytes(translated, out var length);
            if (length == data.Length)
                data = translated[..length];
        }
        return TryAppend(owner, type, @class, data);
    }

    private bool TryAppend(ReadOnlySpan<char> owner, ushort type, ushort @class, scoped ReadOnlySpan<byte> data)
    {
        var span = _records.GetSpan(DnsName.MaxWireLength + 10 + data.Length);
        int position;
        if (owner.SequenceEqual(name))
        {
            BinaryPrimitives.WriteUInt16BigEndian(span, DnsResponse.QuestionPointer);
            position = 2;
        }
        else if (!DnsName.TryWrite(owner, span, out position))
        {
            return false;
        }
        BinaryPrimitives.WriteUInt16BigEndian(span[position..], type);
        BinaryPrimitives.WriteUInt16BigEndian(span[(position + 2)..], @class);
        BinaryPrimitives.WriteUInt32BigEndian(span[(position + 4)..], TimeToLive);
        BinaryPrimitives.WriteUInt16BigEndian(span[(position + 8)..], (ushort)data.Length);
        data.CopyTo(span[(position + 10)..]);
        _records.Advance(position + 10 + data.Length);
        return ++_count <= ushort.MaxValue && _records.WrittenCount <= MaxRecordsLength;
    }

    /// <summary>A compression pointer in copied data would lead astray, an address of a wrong length nowhere.</summary>
    private static bool IsDataWellFormed(ushort type, ReadOnlySpan<byte> data) =>
        type switch
        {
            RecordType.A => data.Length == 4,
            RecordType.Aaaa => data.Length == 16,
            RecordType.CName or RecordType.NS or RecordType.Ptr => IsName(data),
            RecordType.MX => data.Length > 2 && IsName(data[2..]),
            RecordType.Srv => data.Length > 6 && IsName(data[6..]),
            _ => true,
        };

    private static bool IsName(ReadOnlySpan<byte> data)
    {
        Span<char> text = stackalloc char[DnsName.MaxTextLength];
        var offset = 0;
        return DnsName.TryRead(data, ref offset, allowPointers: false, text, out _) && offset == data.Length;
    }
}
