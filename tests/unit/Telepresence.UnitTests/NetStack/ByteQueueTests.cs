using Telepresence.Engine.NetStack;

namespace Telepresence.UnitTests.NetStack;

public class ByteQueueTests
{
    [Fact]
    public void What_a_flow_that_is_over_still_holds_counts_no_more()
    {
        var pool = new SegmentPool();
        var queue = new ByteQueue(pool);
        queue.WriteAt(0, new byte[3 * QueueSegment.Size]);
        queue.CommitTo(2 * QueueSegment.Size + 1);
        queue.ConsumeTo(1);
        Assert.Equal(3 * QueueSegment.Size, pool.Rented);

        queue.Abandon();

        Assert.Equal(0, pool.Rented);
        // Who was at it goes on for a moment.
        Assert.Equal(QueueSegment.Size - 1, queue.Peek().Length);
        queue.ConsumeTo(2 * QueueSegment.Size + 1);
        queue.WriteAt(queue.Tail, new byte[2 * QueueSegment.Size]);
        queue.CommitTo(queue.Tail + 2 * QueueSegment.Size);
        Assert.Equal(0, pool.Rented);
    }

    [Fact]
    public async Task Bytes_pass_between_two_threads_in_order()
    {
        const int total = 20_000_000;
        var queue = new ByteQueue(new SegmentPool());
        var writer = Task.Run(() =>
        {
            var random = new Random(1);
            for (var written = 0; written < total; )
            {
                var memory = queue.GetMemory().Span;
                var count = Math.Min(random.Next(1, 5000), Math.Min(memory.Length, total - written));
                for (var i = 0; i < count; i++)
                {
                    memory[i] = (byte)((written + i) % 251);
                }

                queue.Advance(count);
                written += count;
            }
        });
        var reader = Task.Run(() =>
        {
            var random = new Random(2);
            for (long read = 0; read < total; )
            {
                var bytes = queue.Peek().Span;
                var count = Math.Min(bytes.Length, random.Next(1, 9000));
                for (var i = 0; i < count; i++)
                {
                    if (bytes[i] != (byte)((read + i) % 251))
                    {
                        return read + i;
                    }
                }

                read += count;
                queue.ConsumeTo(read);
            }

            return -1;
        });

        await writer;
        Assert.Equal(-1, await reader);
        Assert.Equal(0, queue.Length);
    }

    [Fact]
    public void Bytes_ahead_of_the_tail_survive_a_reader_that_catches_up()
    {
        var queue = new ByteQueue(new SegmentPool());
        var ahead = new byte[50_000];
        new Random(1).NextBytes(ahead);
        queue.WriteAt(40_000, ahead);
        queue.WriteAt(0, new byte[10_000]);
        queue.CommitTo(10_000);
        queue.ConsumeTo(10_000);
        queue.WriteAt(10_000, new byte[30_000]);
        queue.CommitTo(90_000);

        var read = new byte[50_000];
        queue.CopyTo(40_000, read);
        Assert.Equal(ahead, read);
    }

    [Fact]
    public void More_than_there_is_cannot_be_released()
    {
        var queue = new ByteQueue(new SegmentPool());
        queue.GetMemory();
        queue.Advance(5);

        Assert.Throws<InvalidOperationException>(() => queue.ConsumeTo(6));
    }
}
