using Telepresence.Engine.NetStack.Tcp;

namespace Telepresence.UnitTests.NetStack.Tcp;

/// <summary>Whole transfers over a bad link in virtual time: exact, repeatable, no waiting.</summary>
public class SimulatedLinkTests
{
    private const int Size = 1_000_000;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);

    /// <summary>Far beyond what any of these needs; a stall is found by it, not speed.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);

    [Theory]
    [InlineData(0.00, 0, 0.00, 0.00)]
    [InlineData(0.00, 50, 0.00, 0.00)]
    [InlineData(0.01, 5, 0.01, 0.01)]
    [InlineData(0.05, 20, 0.02, 0.05)]
    [InlineData(0.10, 100, 0.05, 0.10)]
    [InlineData(0.02, 1, 0.10, 0.30)]
    public void Both_directions_arrive_whole(double loss, int delay, double duplication, double reordering)
    {
        for (var seed = 1; seed <= 3; seed++)
        {
            Run(seed, loss, TimeSpan.FromMilliseconds(delay), duplication, reordering);
        }
    }

    private static void Run(int seed, double loss, TimeSpan delay, double duplication, double reordering)
    {
        var random = new Random(seed);
        var up = new byte[Size];
        var down = new byte[Size];
        random.NextBytes(up);
        random.NextBytes(down);
        var fixture = new StackFixture();
        var peer = new ReferencePeer(up);
        var toStack = new PriorityQueue<byte[], TimeSpan>();
        var toPeer = new PriorityQueue<byte[], TimeSpan>();
        var read = new MemoryStream();
        var written = 0;
        var completed = false;
        TcpFlow? flow = null;

        void Launch(PriorityQueue<byte[], TimeSpan> link, byte[] packet)
        {
            for (var copies = random.NextDouble() < duplication ? 2 : 1; copies > 0; copies--)
            {
                if (random.NextDouble() >= loss)
                {
                    var late = random.NextDouble() < reordering ? random.Next(1, 20) : 0;
                    link.Enqueue(packet, fixture.Time.Now + delay + TimeSpan.FromMilliseconds(late));
                }
            }
        }

        while (!peer.IsDone || read.Length < Size)
        {
            Assert.True(fixture.Time.Now < Limit, $"stalled: seed {seed}, {flow?.Statistics}");
            foreach (var packet in peer.Poll(fixture.Time.Now))
            {
                Launch(toStack, packet);
            }

            while (toStack.TryPeek(out var packet, out var due) && due <= fixture.Time.Now)
            {
                fixture.Put(toStack.Dequeue());
            }

            fixture.Settle();
            if (flow is null && fixture.TcpFlows.Count > 0)
            {
                flow = fixture.TcpFlows[0];
                flow.Accept();
            }

            if (flow is not null)
            {
                Pump(flow, down, read, ref written, ref completed);
                fixture.Settle();
            }

            while (fixture.Receive() is { } packet)
            {
                Launch(toPeer, packet);
            }

            while (toPeer.TryPeek(out _, out var due) && due <= fixture.Time.Now)
            {
                foreach (var answer in peer.Receive(toPeer.Dequeue(), fixture.Time.Now))
                {
                    Launch(toStack, answer);
                }
            }

            fixture.Time.Advance(Step);
        }

        Assert.True(up.AsSpan().SequenceEqual(read.ToArray()), "what the application sent");
        Assert.True(down.AsSpan().SequenceEqual(peer.Received), "what the application received");
    }

    private static void Pump(TcpFlow flow, byte[] down, MemoryStream read, ref int written, ref bool completed)
    {
        while (flow.ReceiveQueue.Length > 0)
        {
            var bytes = flow.ReadAsync(default).Now();
            read.Write(bytes.Span);
            flow.AdvanceRead(bytes.Length);
        }

        while (written < down.Length && flow.SendQueue.Length < 200_000)
        {
            var memory = flow.GetWriteMemoryAsync(default).Now();
            var count = Math.Min(memory.Length, down.Length - written);
            down.AsSpan(written, count).CopyTo(memory.Span);
            flow.AdvanceWrite(count);
            written += count;
        }

        if (written == down.Length && !completed)
        {
            completed = true;
            flow.CompleteWrite();
        }
    }
}
