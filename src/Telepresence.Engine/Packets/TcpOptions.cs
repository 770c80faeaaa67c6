using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Telepresence.Engine.Packets;

/// <summary>
/// The TCP options the stack knows: MSS (RFC 9293), window scale and timestamps (RFC 7323), SACK (RFC 2018).
/// </summary>
internal struct TcpOptions
{
    private const byte EndOfList = 0;
    private const byte NoOperation = 1;
    private const byte MaximumSegmentSizeKind = 2;
    private const byte WindowScaleKind = 3;
    private const byte SackPermittedKind = 4;
    private const byte SackKind = 5;
    private const byte TimestampsKind = 8;

    private SackBlockArray _blocks;

    /// <summary>Null when absent.</summary>
    public ushort? MaximumSegmentSize { get; set; }

    /// <summary>Shift count, 14 at most (RFC 7323 §2.3); null when absent.</summary>
    public byte? WindowScale { get; set; }
    public bool SackPermitted { get; set; }
    public bool HasTimestamps { get; set; }
    public uint TimestampValue { get; set; }
    public uint TimestampEcho { get; set; }
    public int SackBlockCount { get; private set; }

    public readonly SackBlock GetSackBlock(int index) => _blocks[index];

    public void AddSackBlock(SackBlock block) => _blocks[SackBlockCount++] = block;

    /// <summary>
    /// Parses options; false when their lengths do not fit. Unknown options are skipped, as RFC 9293 §3.1 (MUST-6) asks.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out TcpOptions options)
    {
        options = default;
        while (bytes.Length > 0)
        {
            var kind = bytes[0];
            if (kind == EndOfList)
            {
                return true;
            }

            if (kind == NoOperation)
            {
                bytes = bytes[1..];
                continue;
            }

            if (bytes.Length < 2 || bytes[1] < 2 || bytes[1] > bytes.Length)
            {
                return false;
            }

            var body = bytes[2..bytes[1]];
            switch (kind)
            {
                case MaximumSegmentSizeKind when body.Length == 2:
                    options.MaximumSegmentSize = BinaryPrimitives.ReadUInt16BigEndian(body);
                    break;
                case WindowScaleKind when body.Length == 1:
                    options.WindowScale = Math.Min(body[0], (byte)14);
                    break;
                case SackPermittedKind when body.Length == 0:
                    options.SackPermitted = true;
                    break;
                case TimestampsKind when body.Length == 8:
                    options.HasTimestamps = true;
                    options.TimestampValue = BinaryPrimitives.ReadUInt32BigEndian(body);
                    options.TimestampEcho = BinaryPrimitives.ReadUInt32BigEndian(body[4..]);
                    break;
                case SackKind when body.Length is 8 or 16 or 24 or 32:
                    options.SackBlockCount = 0;
                    for (; body.Length > 0; body = body[8..])
                    {
                        options.AddSackBlock(
                            new SackBlock(
                                new SequenceNumber(BinaryPrimitives.ReadUInt32BigEndian(body)),
                                new SequenceNumber(BinaryPrimitives.ReadUInt32BigEndian(body[4..]))
                            )
                        );
                    }

                    break;
                case MaximumSegmentSizeKind or WindowScaleKind or SackPermittedKind or TimestampsKind or SackKind:
                    return false;
            }

            bytes = bytes[bytes[1]..];
        }

        return true;
    }

    /// <summary>Writes the options padded to four bytes and returns how many bytes that took, 40 at most.</summary>
    public readonly int Write(Span<byte> destination)
    {
        var length = 0;
        if (MaximumSegmentSize is { } size)
        {
            destination[0] = MaximumSegmentSizeKind;
            destination[1] = 4;
            BinaryPrimitives.WriteUInt16BigEndian(destination[2..], size);
            length = 4;
        }

        if (SackPermitted)
        {
            destination[length++] = NoOperation;
            destination[length++] = NoOperation;
            destination[length++] = SackPermittedKind;
            destination[length++] = 2;
        }

        if (HasTimestamps)
        {
            destination[length++] = NoOperation;
            destination[length++] = NoOperation;
            destination[length++] = TimestampsKind;
            destination[length++] = 10;
            BinaryPrimitives.WriteUInt32BigEndian(destination[length..], TimestampValue);
            BinaryPrimitives.WriteUInt32BigEndian(destination[(length + 4)..], TimestampEcho);
            length += 8;
        }

        if (WindowScale is { } shift)
        {
            destination[length++] = NoOperation;
            destination[length++] = WindowScaleKind;
            destination[length++] = 3;
            destination[length++] = shift;
        }

        // With timestamps only three blocks fit into the 40 bytes.
        var blocks = Math.Min(SackBlockCount, (40 - length - 4) / 8);
        if (blocks > 0)
        {
            destination[length++] = NoOperation;
            destination[length++] = NoOperation;
            destination[length++] = SackKind;
            destination[length++] = (byte)(2 + 8 * blocks);
            for (var i = 0; i < blocks; i++, length += 8)
            {
                BinaryPrimitives.WriteUInt32BigEndian(destination[length..], _blocks[i].Start.Value);
                BinaryPrimitives.WriteUInt32BigEndian(destination[(length + 4)..], _blocks[i].End.Value);
            }
        }

        return length;
    }

    [InlineArray(4)]
    private struct SackBlockArray
    {
        private SackBlock _first;
    }
}
