using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Telepresence.Sandbox.Workloads;

/// <summary>Bytes that a seed determines: each block differs from every other, so that a lost, doubled or swapped one shows.</summary>
internal sealed class BulkContent
{
    public const int BlockSize = 64 * 1024;
    private readonly byte[] _block = new byte[BlockSize];
    private readonly long _length;
    private long _position;

    public BulkContent(long length, int seed)
    {
        _length = length;
        // A keyed stream of a fixed algorithm: System.Random promises no sequence across versions.
        var state = (ulong)seed;
        for (var i = 0; i < BlockSize; i += sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(_block.AsSpan(i), SplitMix64(ref state));
        }
    }

    /// <summary>The next bytes, empty at the end; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Next()
    {
        BinaryPrimitives.WriteInt64BigEndian(_block, _position);
        var part = _block.AsMemory(0, (int)Math.Min(BlockSize, _length - _position));
        _position += part.Length;
        return part;
    }

    public static string Digest(long length, int seed)
    {
        var content = new BulkContent(length, seed);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var part = content.Next(); !part.IsEmpty; part = content.Next())
        {
            hash.AppendData(part.Span);
        }
        return Hex(hash);
    }

    public static string Hex(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset());

    public static bool TryParseLength(string? text, out long length) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out length) && length <= 1L << 40;

    private static ulong SplitMix64(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
