using Telepresence.Engine.NetStack;
using Telepresence.Engine.NetStack.Tcp;
using Telepresence.Engine.Packets;
using Telepresence.UnitTests.NetStack.Tcp;

namespace Telepresence.UnitTests.NetStack;

/// <summary>
/// docs/limits.md, row by row where no other test shows it: a peer that asks for too much costs a bounded amount of memory,
/// counted by the stack's own counters, and other flows go on.
/// </summary>
public class LimitsTests
{
    private const int Plenty = 1024 * 1024;
    private const int Flows = 100;
    private readonly StackFixture _fixture = new(new IpStackOptions { MaximumBuffered = Plenty });

    [Fact]
    public async Task Applications_that_never_read_leave_memory_to_others()
    {
        for (ushort port = 1000; port < 1000 + Flows; port++)
        {
            var flow = new ScriptedPeer(_fixture, port: port).Open();
            for (
                var writing = flow.GetWriteMemoryAsync(default).AsTask();
                writing.IsCompleted;
                writing = flow.GetWriteMemoryAsync(default).AsTask()
            )
            {
                flow.AdvanceWrite((await writing).Length);
                _fixture.Settle();
                Drain();
            }
        }

        AssertBounded();
        AssertAnotherFlowWorks();
    }

    [Fact]
    public void A_cluster_that_never_reads_leaves_memory_to_others()
    {
        var segment = new byte[1460];
        for (ushort port = 1000; port < 1000 + Flows; port++)
        {
            var peer = new ScriptedPeer(_fixture, port: port);
            var flow = peer.Open();
            // More than any window: what is beyond it is refused.
            for (uint sent = 0; sent < 300_000; sent += 1460)
            {
                peer.Data(ScriptedPeer.Next + sent, segment);
                Drain();
            }

            Assert.Equal(TcpState.Established, flow.Connection.State);
        }

        AssertBounded();
        Assert.True(_fixture.Drops(DropReason.TcpBufferLimit) > 0);
        AssertAnotherFlowWorks();
    }

    [Fact]
    public void What_was_refused_for_want_of_memory_arrives_once_there_is_some()
    {
        var fixture = new StackFixture(new IpStackOptions { MaximumBuffered = 0 });
        var peer = new ScriptedPeer(fixture);
        var flow = peer.Open();
        var sent = 0;
        for (var read = 0; read < 200_000; )
        {
            // Each round sends again from what was acknowledged, as a sender does whose segments were lost.
            for (var i = 0; i < 40; i++)
            {
                peer.Data(ScriptedPeer.Next + (uint)(sent + (i * 1460)), new byte[1460]);
            }

            while (flow.ReceiveQueue.Length > 0)
            {
                var bytes = flow.ReadAsync(default).Now();
                flow.AdvanceRead(bytes.Length);
                read += bytes.Length;
            }

            fixture.Pass(TimeSpan.FromMilliseconds(50));
            while (fixture.Receive() is not null) { }

            Assert.True(flow.Connection.BytesFromApplication > sent, $"stuck at {sent}");
            sent = (int)flow.Connection.BytesFromApplication;
        }
    }

    [Fact]
    public void A_byte_a_segment_takes_no_more_memory_than_its_bytes()
    {
        var peer = new ScriptedPeer(_fixture, port: 1000);
        peer.Open();
        for (uint i = 0; i < 60_000; i++)
        {
            peer.Data(ScriptedPeer.Next + i, [1]);
            Drain();
        }

        Assert.Equal(2 * QueueSegment.Size, _fixture.Loop.Buffered);
        AssertAnotherFlowWorks();
    }

    [Fact]
    public void A_byte_behind_every_second_hole_is_bounded()
    {
        var peer = new ScriptedPeer(_fixture, port: 1000);
        peer.Open();
        for (uint i = 1; i < 60_000; i += 2)
        {
            peer.Data(ScriptedPeer.Next + i, [1]);
            Drain();
        }

        Assert.True(_fixture.Drops(DropReason.TcpReassemblyLimit) > 20_000);
        Assert.Equal(QueueSegment.Size, _fixture.Loop.Buffered);
        AssertAnotherFlowWorks();
    }

    [Fact]
    public void A_full_flow_table_leaves_its_flows_alone()
    {
        var fixture = new StackFixture(new IpStackOptions { MaximumFlows = 20 });
        var peers = Enumerable.Range(0, 40).Select(i => new ScriptedPeer(fixture, port: (ushort)(1000 + i))).ToList();
        var flows = peers.Take(20).Select(peer => peer.Open()).ToList();
        peers.Skip(20).ToList().ForEach(peer => peer.Syn());

        Assert.Equal(20, fixture.Drops(DropReason.FlowLimit));
        Assert.Null(fixture.Receive());
        peers[0].Data(ScriptedPeer.Next, "still here"u8);
        Assert.Equal("still here"u8.ToArray(), flows[0].ReadAsync(default).Now().ToArray());
        // A place that becomes free is taken by the next SYN.
        flows[1].Abort();
        fixture.Settle();
        peers[20].Syn();
        Assert.Equal(21, fixture.TcpFlows.Count);
    }

    [Fact]
    public void A_datagram_flow_that_nobody_reads_is_bounded()
    {
        var source = StackFixture.Address("10.0.0.1");
        var target = StackFixture.Address("10.96.0.5");
        var datagram = StackFixture.Udp(source, target, 4000, 99, new byte[1000]);
        for (var i = 0; i < 5000; i++)
        {
            _fixture.Send(datagram);
        }

        Assert.Equal(5000 - 2048, _fixture.Drops(DropReason.UdpQueueFull));
        AssertAnotherFlowWorks();
    }

    private void AssertBounded()
    {
        // What is plenty, and beyond it for each flow a block and the one it was writing when memory became scarce.
        var bound = Plenty + ((Flows + 1) * 2 * QueueSegment.Size);
        Assert.True(_fixture.Loop.Buffered <= bound, $"{_fixture.Loop.Buffered} of {bound}");
    }

    private void AssertAnotherFlowWorks()
    {
        Drain();
        var peer = new ScriptedPeer(_fixture, port: 50_000);
        var flow = peer.Open();
        peer.Data(ScriptedPeer.Next, "ping"u8);
        Assert.Equal("ping"u8.ToArray(), flow.ReadAsync(default).Now().ToArray());
        "pong"u8.CopyTo(flow.GetWriteMemoryAsync(default).Now().Span);
        flow.AdvanceWrite(4);
        _fixture.Settle();
        Assert.Equal("pong"u8.ToArray(), peer.Expect().Payload);
    }

    private void Drain()
    {
        while (_fixture.Receive() is not null) { }
    }
}
