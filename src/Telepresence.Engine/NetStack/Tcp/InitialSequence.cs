using System.Buffers.Binary;
using System.Security.Cryptography;
using Telepresence.Engine.Packets;

namespace Telepresence.Engine.NetStack.Tcp;

/// <summary>
/// Initial sequence numbers and timestamp offsets that nobody outside can guess: a keyed hash of the 4-tuple plus, for
/// sequence numbers, a clock that ticks every 4 µs (RFC 6528 §3, RFC 7323 §7.1).
/// </summary>
internal sealed class InitialSequence(byte[] secret)
{
    public (SequenceNumber Sequence, uint TimestampOffset) For(in FlowKey key, long now)
    {
        Span<byte> input = stackalloc byte[36];
        BinaryPrimitives.WriteUInt64LittleEndian(input, key.Source.High);
        BinaryPrimitives.WriteUInt64LittleEndian(input[8..], key.Source.Low);
        BinaryPrimitives.WriteUInt64LittleEndian(input[16..], key.Destination.High);
        BinaryPrimitives.WriteUInt64LittleEndian(input[24..], key.Destination.Low);
        BinaryPrimitives.WriteUInt16LittleEndian(input[32..], key.SourcePort);
        BinaryPrimitives.WriteUInt16LittleEndian(input[34..], key.DestinationPort);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, input, hash);
        var sequence = BinaryPrimitives.ReadUInt32LittleEndian(hash) + (uint)(now / 4);
        return (new SequenceNumber(sequence), BinaryPrimitives.ReadUInt32LittleEndian(hash[4..]));
    }
}
