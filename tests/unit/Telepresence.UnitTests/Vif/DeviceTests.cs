using System.Buffers.Binary;
using Telepresence.Engine.Vif;

namespace Telepresence.UnitTests.Vif;

public sealed class DeviceTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public void What_one_end_writes_the_other_reads_with_its_offload_facts()
    {
        var (near, far) = MemoryDevice.CreatePair(queueCount: 2, offloads: DeviceOffloads.All);
        var offload = new PacketOffload(true, 20, 16, Segmentation.Tcp4, 1460, 40);
        Write(near.Queues[1], 7, offload);
        var packet = new PacketBuffer();
        Assert.False(far.Queues[0].TryRead(packet));
        Assert.True(far.Queues[1].TryRead(packet));
        Assert.Equal((7, offload), (NumberOf(packet), packet.Offload));
        Assert.False(near.Queues[1].TryRead(packet));
    }

    [Fact]
    public void A_full_queue_drops_and_counts()
    {
        var (near, far) = MemoryDevice.CreatePair(capacity: 2);
        for (var i = 0; i < 5; i++)
        {
            Write(near.Queues[0], i);
        }
        Assert.Equal(3, near.Dropped);
        Assert.Equal([0, 1], ReadAll(far.Queues[0]));
    }

    [Fact]
    public async Task A_packet_a_wake_and_the_time_end_a_wait()
    {
        var (near, far) = MemoryDevice.CreatePair();
        far.Queues[0].Wake();
        far.Queues[0].Wait(-1);
        Write(near.Queues[0], 1);
        far.Queues[0].Wait(-1);
        Assert.Equal([1], ReadAll(far.Queues[0]));
        far.Queues[0].Wait(1);
        for (var i = 0; i < 1000; i++)
        {
            var waiting = Task.Run(() => far.Queues[0].Wait(-1));
            far.Queues[0].Wake();
            await waiting.WaitAsync(Deadline);
        }
    }

    [Fact]
    public async Task Disposal_ends_a_wait_and_later_calls_are_harmless()
    {
        var (near, far) = MemoryDevice.CreatePair();
        var waiting = Task.Run(() => far.Queues[0].Wait(-1));
        far.Dispose();
        await waiting.WaitAsync(Deadline);
        far.Queues[0].Wake();
        far.Queues[0].Wait(-1);
        Write(near.Queues[0], 1);
        Assert.Equal(1, near.Dropped);
    }

    [Fact]
    public void Without_impairments_everything_passes_in_order()
    {
        var (near, far) = MemoryDevice.CreatePair();
        using var impaired = new ImpairedDevice(near, new Impairments(), new Random(1));
        WriteMany(impaired.Queues[0], 100);
        Assert.Equal(Enumerable.Range(0, 100), ReadAll(far.Queues[0]));
        WriteMany(far.Queues[0], 100);
        Assert.Equal(Enumerable.Range(0, 100), ReadAll(impaired.Queues[0]));
    }

    [Fact]
    public void Drops_are_as_many_as_asked_for_in_both_directions_and_repeatable()
    {
        var first = RunDrops(5);
        Assert.Equal(first, RunDrops(5));
        Assert.InRange(first.Count, 800, 980);

        static List<int> RunDrops(int seed)
        {
            var (near, far) = MemoryDevice.CreatePair();
            using var impaired = new ImpairedDevice(near, new Impairments(Drop: 0.1), new Random(seed));
            WriteMany(impaired.Queues[0], 500);
            WriteMany(far.Queues[0], 500);
            var arrived = ReadAll(far.Queues[0]).Concat(ReadAll(impaired.Queues[0])).ToList();
            Assert.Equal(1000, arrived.Count + impaired.Dropped);
            return arrived;
        }
    }

    [Fact]
    public void Reordered_packets_are_late_but_never_lost()
    {
        var (near, far) = MemoryDevice.CreatePair();
        using var impaired = new ImpairedDevice(near, new Impairments(Reorder: 0.3), new Random(2));
        WriteMany(far.Queues[0], 500);
        var read = ReadAll(impaired.Queues[0]);
        Assert.NotEqual(Enumerable.Range(0, 500), read);
        Assert.Equal(Enumerable.Range(0, 500), read.Order());
        WriteMany(impaired.Queues[0], 500);
        // The last one may still wait to be overtaken; a loop that has no more to do waits, and that lets it go.
        impaired.Queues[0].Wait(0);
        Assert.Equal(Enumerable.Range(0, 500), ReadAll(far.Queues[0]).Order());
        Assert.True(impaired.Reordered > 100);
    }

    [Fact]
    public void Duplicates_come_twice()
    {
        var (near, far) = MemoryDevice.CreatePair();
        using var impaired = new ImpairedDevice(near, new Impairments(Duplicate: 1), new Random(3));
        WriteMany(impaired.Queues[0], 3);
        Assert.Equal([0, 0, 1, 1, 2, 2], ReadAll(far.Queues[0]));
        Assert.Equal(3, impaired.Duplicated);
    }

    [Fact]
    public void Delayed_packets_arrive_when_their_time_has_come()
    {
        var clock = new ManualTime();
        var (near, far) = MemoryDevice.CreatePair();
        using var impaired = new ImpairedDevice(
            near,
            new Impairments(Delay: TimeSpan.FromMilliseconds(20)),
            new Random(4),
            clock
        );
        WriteMany(impaired.Queues[0], 2);
        WriteMany(far.Queues[0], 2);
        Assert.Empty(ReadAll(impaired.Queues[0]));
        Assert.Empty(ReadAll(far.Queues[0]));
        clock.Ticks += TimeSpan.FromMilliseconds(20).Ticks;
        Assert.Equal([0, 1], ReadAll(impaired.Queues[0]));
        Assert.Equal([0, 1], ReadAll(far.Queues[0]));
    }

    [Fact]
    public void A_wait_ends_when_a_delayed_packet_arrives()
    {
        var (near, far) = MemoryDevice.CreatePair();
        using var impaired = new ImpairedDevice(
            near,
            new Impairments(Delay: TimeSpan.FromMilliseconds(5)),
            new Random(4)
        );
        WriteMany(far.Queues[0], 1);
        var packet = new PacketBuffer();
        while (!impaired.Queues[0].TryRead(packet))
        {
            impaired.Queues[0].Wait(-1);
        }
    }

    private static void WriteMany(IPacketQueue queue, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Write(queue, i);
        }
    }

    private static void Write(IPacketQueue queue, int number, PacketOffload offload = default)
    {
        var packet = new PacketBuffer { Length = 4, Offload = offload };
        BinaryPrimitives.WriteInt32BigEndian(packet.Packet, number);
        queue.Write(packet);
    }

    private static int NumberOf(PacketBuffer packet) => BinaryPrimitives.ReadInt32BigEndian(packet.Packet);

    private static List<int> ReadAll(IPacketQueue queue)
    {
        var numbers = new List<int>();
        var packet = new PacketBuffer();
        while (queue.TryRead(packet))
        {
            numbers.Add(NumberOf(packet));
        }
        return numbers;
    }

    private sealed class ManualTime : TimeProvider
    {
        public long Ticks { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Ticks;
    }
}
