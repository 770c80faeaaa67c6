using System.Buffers;
using System.Threading.Channels;
using Telepresence.Engine.Vif;

namespace Telepresence.Engine.Capture;

/// <summary>
/// Between the packet loops and the file: bounded in packets and in bytes. What does not fit is dropped from the capture, not from
/// the network, and counted.
/// </summary>
internal sealed class CaptureQueue(PacketFilter filter, TimeProvider time) : IPacketTap
{
    private const int MaximumPackets = 16_384;
    private const long MaximumBytes = 64 << 20;

    private readonly Channel<CapturedPacket> _packets = Channel.CreateBounded<CapturedPacket>(MaximumPackets);
    private long _bytes;
    private long _seen;
    private long _dropped;

    /// <summary>Packets that the filter took.</summary>
    public long Seen => Interlocked.Read(ref _seen);

    /// <summary>Packets that found the queue full.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public void OnPacket(ReadOnlySpan<byte> packet, bool isInbound)
    {
        if (!filter.Matches(packet))
            return;
        Interlocked.Increment(ref _seen);
        if (Interlocked.Add(ref _bytes, packet.Length) > MaximumBytes)
        {
            Drop(packet.Length);
            return;
        }
        var copy = ArrayPool<byte>.Shared.Rent(packet.Length);
        packet.CopyTo(copy);
        var now = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick;
        if (!_packets.Writer.TryWrite(new CapturedPacket(now, isInbound, copy, packet.Length)))
        {
            ArrayPool<byte>.Shared.Return(copy);
            Drop(packet.Length);
        }
    }

    /// <summary>What waits, the oldest first. Return each with <see cref="Return"/>.</summary>
    public bool TryTake(out CapturedPacket packet) => _packets.Reader.TryRead(out packet);

    /// <summary>Completes when a packet waits; false: none will come.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) =>
        _packets.Reader.WaitToReadAsync(cancellationToken);

    public void Return(in CapturedPacket packet)
    {
        Interlocked.Add(ref _bytes, -packet.Length);
        ArrayPool<byte>.Shared.Return(packet.Bytes);
    }

    /// <summary>No packet is taken any more.</summary>
    public void Complete() => _packets.Writer.TryComplete();

    private void Drop(int length)
    {
        Interlocked.Add(ref _bytes, -length);
        Interlocked.Increment(ref _dropped);
    }
}
