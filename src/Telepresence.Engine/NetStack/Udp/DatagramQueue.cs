using System.Buffers;
using System.Collections.Concurrent;

namespace Telepresence.Engine.NetStack.Udp;

/// <summary>
/// A bounded queue of datagrams between one writing and one reading thread, in pooled buffers. A full queue refuses, as a
/// socket's does.
/// </summary>
internal sealed class DatagramQueue
{
    /// <summary>Some 17 ms at 100,000 datagrams of 1,200 bytes a second; the count bounds small ones.</summary>
    private const int MaximumBytes = 2 * 1024 * 1024;
    private const int MaximumCount = 2048;
    private readonly ConcurrentQueue<(byte[] Buffer, int Length)> _datagrams = new();
    private int _count;
    private int _bytes;

    /// <summary>Writer.</summary>
    public bool TryWrite(ReadOnlySpan<byte> datagram)
    {
        if (Volatile.Read(ref _count) >= MaximumCount || Volatile.Read(ref _bytes) + datagram.Length > MaximumBytes)
        {
            return false;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(datagram.Length);
        datagram.CopyTo(buffer);
        Interlocked.Increment(ref _count);
        Interlocked.Add(ref _bytes, datagram.Length);
        _datagrams.Enqueue((buffer, datagram.Length));
        return true;
    }

    /// <summary>Reader: the oldest datagram, which stays until <see cref="Remove"/>.</summary>
    public bool TryPeek(out ReadOnlyMemory<byte> datagram)
    {
        var any = _datagrams.TryPeek(out var first);
        datagram = any ? first.Buffer.AsMemory(0, first.Length) : default;
        return any;
    }

    /// <summary>Reader: gives the oldest datagram's buffer back.</summary>
    public void Remove()
    {
        if (_datagrams.TryDequeue(out var first))
        {
            Interlocked.Decrement(ref _count);
            Interlocked.Add(ref _bytes, -first.Length);
            ArrayPool<byte>.Shared.Return(first.Buffer);
        }
    }
}
