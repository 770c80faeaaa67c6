using System.Buffers.Binary;

namespace Telepresence.Engine.Dns;

/// <summary>Walks resource records (RFC 1035 §4.1.3), in a message or in the manager's uncompressed list.</summary>
/// <param name="message">What offsets and compression pointers count from.</param>
/// <param name="offset">Where the first record starts.</param>
internal ref struct DnsRecordReader(ReadOnlySpan<byte> message, int offset)
{
    private readonly ReadOnlySpan<byte> _message = message;
    private int _offset = offset;

    /// <summary>Behind the record read last.</summary>
    public readonly int Offset => _offset;

    public readonly bool AtEnd => _offset >= _message.Length;

    /// <returns>False: malformed.</returns>
    public bool TryRead(out DnsRecord record)
    {
        record = default;
        var nameOffset = _offset;
        if (!DnsName.TrySkip(_message, ref _offset) || _message.Length - _offset < 10)
            return false;
        var fixedPart = _message.Slice(_offset, 10);
        int dataLength = BinaryPrimitives.ReadUInt16BigEndian(fixedPart[8..]);
        _offset += 10;
        if (_message.Length - _offset < dataLength)
            return false;
        record = new DnsRecord
        {
            NameOffset = nameOffset,
            Type = BinaryPrimitives.ReadUInt16BigEndian(fixedPart),
            Class = BinaryPrimitives.ReadUInt16BigEndian(fixedPart[2..]),
            TimeToLive = BinaryPrimitives.ReadUInt32BigEndian(fixedPart[4..]),
            DataOffset = _offset,
            DataLength = dataLength,
        };
        _offset += dataLength;
        return true;
    }
}

/// <summary>Where a record's parts are in the message it was read from.</summary>
internal readonly record struct DnsRecord
{
    public required int NameOffset { get; init; }

    public required ushort Type { get; init; }

    public required ushort Class { get; init; }

    /// <summary>Seconds.</summary>
    public required uint TimeToLive { get; init; }

    public required int DataOffset { get; init; }

    public required int DataLength { get; init; }
}
