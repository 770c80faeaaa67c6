using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.NetStack;

public class SteadyStateAllocationTests
{
    [Fact]
    public void Packets_allocate_nothing_on_the_loop()
    {
        var fixture = new StackFixture();
        var peer = new Tcp.ScriptedPeer(fixture);
        var flow = peer.Open();
        var sequence = Tcp.ScriptedPeer.Next;
        Transfer(fixture, flow, ref sequence, peer.StackNext, 200);

        var allocated = Transfer(fixture, flow, ref sequence, peer.StackNext, 500);

        Assert.Equal(0, allocated);
    }

    /// <summary>Segments in, data and acknowledgments out; returns bytes allocated by the loop's steps alone.</summary>
    private static long Transfer(
        StackFixture fixture,
        global::Telepresence.Engine.NetStack.Tcp.TcpFlow flow,
        ref uint sequence,
        uint stackNext,
        int segments
    )
    {
        var source = StackFixture.Address("10.0.0.1");
        var target = StackFixture.Address("10.96.0.5");
        long allocated = 0;
        for (var i = 0; i < segments; i++)
        {
            var segment = new byte[20 + 1400];
            // All that the stack has sent so far is acknowledged.
            var acknowledgment = stackNext + (uint)flow.SendQueue.Tail;
            var fields = new TcpFields(40_000, 80, new(sequence), new(acknowledgment), TcpFlags.Acknowledgment, 8192);
            TcpSegment.WriteHeader(segment, fields, []);
            sequence += 1400;
            fixture.Put(StackFixture.Ip(source, target, IPProtocol.Tcp, segment));
            fixture.Time.Advance(TimeSpan.FromMilliseconds(1));
            var before = GC.GetAllocatedBytesForCurrentThread();
            fixture.Settle();
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            flow.AdvanceRead(flow.ReadAsync(default).Now().Length);
            flow.GetWriteMemoryAsync(default).Now();
            flow.AdvanceWrite(1000);
            before = GC.GetAllocatedBytesForCurrentThread();
            fixture.Settle();
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            while (fixture.Receive() is not null) { }
        }

        return allocated;
    }
}
