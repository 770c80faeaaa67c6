using System.Buffers;

namespace Telepresence.Protocol.Http2;

/// <summary>
/// Memory for what a connection's streams hold unread. The long segments are kept here: one thread fills them and another empties
/// them, in bursts of more than the runtime's pool keeps.
/// </summary>
internal sealed class SegmentPool
{
    // Thousands of streams hold a few bytes each, some hold many: a segment is as long as what comes, within these.
    private const int Least = 1024;
    private const int Most = 32 * 1024;
    private const int MostKept = 128;

    private readonly Lock _gate = new();
    private readonly Stack<byte[]> _kept = new();

    /// <param name="wanted">Bytes; the segment may be shorter, or longer.</param>
    public byte[] Rent(int wanted)
    {
        if (wanted <= Most / 2)
            return ArrayPool<byte>.Shared.Rent(Math.Max(wanted, Least));
        lock (_gate)
        {
            if (_kept.TryPop(out var segment))
                return segment;
        }
        return GC.AllocateUninitializedArray<byte>(Most);
    }

    public void Return(byte[] segment)
    {
        if (segment.Length < Most)
        {
            ArrayPool<byte>.Shared.Return(segment);
            return;
        }
        lock (_gate)
        {
            if (_kept.Count < MostKept)
                _kept.Push(segment);
        }
    }
}
