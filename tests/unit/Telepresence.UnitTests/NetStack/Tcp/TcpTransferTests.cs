using Telepresence.Engine.NetStack;
using Telepresence.Engine.NetStack.Tcp;
using Telepresence.Engine.Packets;
using Telepresence.Engine.Vif;

namespace Telepresence.UnitTests.NetStack.Tcp;

public class TcpTransferTests
{
    private readonly StackFixture _fixture = new();
    private readonly ScriptedPeer _peer;

    public TcpTransferTests() => _peer = new ScriptedPeer(_fixture);

    [Fact]
    public void Data_is_read_in_order_and_acknowledged_after_the_delay()
    {
        var flow = _peer.Open();
        _peer.Data(ScriptedPeer.Next, "hello"u8);

        Assert.Equal("hello"u8.ToArray(), Read(flow));
        _peer.ExpectNothing();
        _fixture.Pass(TimeSpan.FromMilliseconds(10));
        Assert.Equal(ScriptedPeer.Next + 5, _peer.Expect().Acknowledgment);
    }

    [Fact]
    public void The_second_full_segment_is_acknowledged_at_once()
    {
        _peer.Open();
        _peer.Data(ScriptedPeer.Next, new byte[1460]);
        _peer.ExpectNothing();
        _peer.Data(ScriptedPeer.Next + 1460, new byte[1460]);

        Assert.Equal(ScriptedPeer.Next + 2920, _peer.Expect().Acknowledgment);
    }

    [Fact]
    public void Out_of_order_data_is_reported_by_sack_and_put_in_order()
    {
        var flow = _peer.Open();
        _peer.Data(ScriptedPeer.Next + 5, "world"u8);
        var duplicate = _peer.Expect();
        Assert.Equal(ScriptedPeer.Next, duplicate.Acknowledgment);
        Assert.Equal(
            new SackBlock(new(ScriptedPeer.Next + 5), new(ScriptedPeer.Next + 10)),
            duplicate.Options.GetSackBlock(0)
        );
        Assert.Equal(0, flow.ReceiveQueue.Length);

        _peer.Data(ScriptedPeer.Next, "hello"u8);
        var answer = _peer.Expect();
        Assert.Equal(ScriptedPeer.Next + 10, answer.Acknowledgment);
        Assert.Equal(0, answer.Options.SackBlockCount);
        Assert.Equal("helloworld"u8.ToArray(), Read(flow));
    }

    [Fact]
    public void The_most_recent_block_is_reported_first()
    {
        _peer.Open();
        _peer.Data(ScriptedPeer.Next + 100, new byte[10]);
        _peer.Data(ScriptedPeer.Next + 300, new byte[10]);
        _peer.Data(ScriptedPeer.Next + 200, new byte[10]);
        _peer.Expect();
        _peer.Expect();
        var last = _peer.Expect().Options;

        Assert.Equal(3, last.SackBlockCount);
        Assert.Equal(ScriptedPeer.Next + 200, last.GetSackBlock(0).Start.Value);
        Assert.Equal(ScriptedPeer.Next + 300, last.GetSackBlock(1).Start.Value);
        Assert.Equal(ScriptedPeer.Next + 100, last.GetSackBlock(2).Start.Value);
    }

    [Fact]
    public void Old_data_is_acknowledged_again_and_not_delivered_twice()
    {
        var flow = _peer.Open();
        _peer.Data(ScriptedPeer.Next, "hello"u8);
        _peer.Data(ScriptedPeer.Next, "hello"u8);

        Assert.Equal(ScriptedPeer.Next + 5, _peer.Expect().Acknowledgment);
        Assert.Equal("hello"u8.ToArray(), Read(flow));
    }

    [Fact]
    public void Urgent_data_is_delivered_in_line()
    {
        var flow = _peer.Open();
        _peer.Data(ScriptedPeer.Next, "now"u8, TcpFlags.Urgent);

        Assert.Equal("now"u8.ToArray(), Read(flow));
    }

    [Fact]
    public void Data_beyond_the_window_is_not_taken()
    {
        var flow = _peer.Open();
        _peer.Data(ScriptedPeer.Next + 10_000_000, "x"u8);

        Assert.Equal(ScriptedPeer.Next, _peer.Expect().Acknowledgment);
        Assert.Equal(1, _fixture.Drops(DropReason.TcpOutOfWindow));
        Assert.Equal(0, flow.ReceiveQueue.Length);
    }

    [Fact]
    public void The_window_closes_when_nobody_reads_and_opens_again()
    {
        var flow = _peer.Open();
        var sent = Fill();
        Assert.True(sent is >= 200_000 and <= 300_000, $"the window took {sent}");

        // The probe is answered with a window of zero.
        _peer.Ack(sequence: ScriptedPeer.Next + (uint)sent - 1);
        Assert.Equal(0, _peer.Expect().Window);

        var read = 0;
        while (flow.ReceiveQueue.Length > 0)
        {
            read += Read(flow).Length;
        }

        Assert.Equal(sent, read);
        _fixture.Settle();
        Assert.True(_peer.Expect().Window > 0);
    }

    private int Fill()
    {
        var edge = 65_535;
        var sent = 0;
        while (sent < 10_000_000)
        {
            var count = Math.Min(1460, edge - sent);
            if (count <= 0)
            {
                return sent;
            }

            _peer.Data(ScriptedPeer.Next + (uint)sent, new byte[count]);
            sent += count;
            _fixture.Pass(TimeSpan.FromMilliseconds(10));
            while (_fixture.Receive() is { } packet)
            {
                Assert.True(Ipv4Packet.TryParse(packet, out var ip));
                Assert.True(TcpSegment.TryParse(ip.Payload, out var segment));
                edge = (int)(segment.Acknowledgment.Value - ScriptedPeer.Next) + (segment.Window << 7);
            }
        }

        throw new InvalidOperationException("The window never closed.");
    }

    [Fact]
    public void Writing_sends_full_segments_within_the_peers_window()
    {
        var flow = _peer.Open(window: 32);
        Write(flow, 10_000);

        var lengths = new List<int>();
        while (_fixture.Receive() is { } packet)
        {
            lengths.Add(packet.Length - 40);
        }

        // 32 << 7 = 4,096: two segments and not the rest, which would be a silly one.
        Assert.Equal([1460, 1460], lengths);
    }

    [Fact]
    public void A_closed_window_is_probed_and_used_when_it_opens()
    {
        var flow = _peer.Open(window: 0);
        Write(flow, 100);
        _peer.ExpectNothing();

        _fixture.Pass(TimeSpan.FromSeconds(2));
        var probe = _peer.Expect();
        Assert.Empty(probe.Payload);
        Assert.Equal(_peer.StackNext - 1, probe.Sequence);
        _peer.Ack(window: 0);
        for (var i = 0; i < 300; i++)
        {
            _fixture.Pass(TimeSpan.FromSeconds(2));
            while (_fixture.Receive() is not null)
            {
                _peer.Ack(window: 0);
            }
        }

        Assert.False(flow.Closed.IsCompleted, "a peer that answers probes may keep its window closed for ever");
        _peer.Ack(window: 512);
        Assert.Equal(100, _peer.Expect().Payload.Length);
    }

    [Fact]
    public void Lost_data_is_sent_again_with_growing_time_outs_until_the_end()
    {
        var flow = _peer.Open();
        Write(flow, 100);
        Assert.Equal(100, _peer.Expect().Payload.Length);
        var times = new List<double>();
        var start = _fixture.Time.Now;
        while (!flow.Closed.IsCompleted && times.Count < 100)
        {
            _fixture.Pass(TimeSpan.FromMilliseconds(50));
            while (_fixture.Receive() is { } packet)
            {
                times.Add((_fixture.Time.Now - start).TotalSeconds);
            }
        }

        Assert.InRange(times[0], 0.2, 1.1);
        Assert.True(times[2] - times[1] > 1.5 * (times[1] - times[0]), "exponential back-off");
        Assert.InRange(times[^1], 100, 200);
        Assert.Throws<FlowAbortedException>(() => _ = flow.ReadAsync(default).Now());
    }

    [Fact]
    public void Sack_blocks_bring_fast_retransmit_of_the_hole_only()
    {
        var flow = _peer.Open();
        Write(flow, 8 * 1460);
        for (var i = 0; i < 8; i++)
        {
            Assert.Equal(_peer.StackNext + (uint)(i * 1460), _peer.Expect().Sequence);
        }

        _fixture.Time.Advance(TimeSpan.FromMilliseconds(10));
        for (uint i = 2; i <= 4; i++)
        {
            _peer.ExpectNothing();
            _peer.Ack(options: Sack(1460, i * 1460));
        }

        var again = _peer.Expect();
        Assert.Equal(_peer.StackNext, again.Sequence);
        Assert.Equal(1460, again.Payload.Length);
        _peer.ExpectNothing();
        Assert.Equal(1, flow.Statistics.Retransmits);
        _peer.Ack(acknowledgment: _peer.StackNext + 8 * 1460);
        _peer.ExpectNothing();
    }

    [Fact]
    public void Three_duplicates_bring_fast_retransmit_without_sack()
    {
        var flow = _peer.Open(new TcpOptions { MaximumSegmentSize = 1460, WindowScale = 7 });
        Write(flow, 8 * 1460);
        while (_fixture.Receive() is not null) { }

        _peer.Ack();
        _peer.Ack();
        _peer.ExpectNothing();
        _peer.Ack();
        Assert.Equal(_peer.StackNext, _peer.Expect().Sequence);

        // A partial acknowledgment: the next hole goes out at once.
        _peer.Ack(acknowledgment: _peer.StackNext + 2 * 1460);
        Assert.Equal(_peer.StackNext + 2 * 1460, _peer.Expect().Sequence);
    }

    [Fact]
    public void A_device_with_segmentation_gets_super_packets()
    {
        var fixture = new StackFixture(
            offloads: DeviceOffloads.Checksum | DeviceOffloads.Tcp4Segmentation | DeviceOffloads.Tcp6Segmentation
        );
        var peer = new ScriptedPeer(fixture);
        peer.Syn();
        fixture.TcpFlows[0].Accept();
        fixture.Settle();
        var (synAck, _) = fixture.ReceiveWithOffload()!.Value;
        Assert.True(Ipv4Packet.TryParse(synAck, out var ip));
        Assert.True(TcpSegment.TryParse(ip.Payload, out var segment));
        peer.Ack(acknowledgment: segment.Sequence.Value + 1);
        Write(fixture.TcpFlows[0], 14_000, fixture);

        var (packet, offload) = fixture.ReceiveWithOffload()!.Value;
        Assert.Equal(14_040, packet.Length);
        Assert.Equal(new PacketOffload(true, 20, 16, Segmentation.Tcp4, 1460, 40), offload);
    }

    [Fact]
    public void An_old_timestamp_is_refused()
    {
        _peer.Timestamps = true;
        _peer.Timestamp = 5000;
        var flow = _peer.Open();
        _peer.Timestamp = 4000;
        _peer.Data(ScriptedPeer.Next, "old"u8);

        Assert.Equal(1, _fixture.Drops(DropReason.TcpPaws));
        Assert.Equal(ScriptedPeer.Next, _peer.Expect().Acknowledgment);
        Assert.Equal(0, flow.ReceiveQueue.Length);
    }

    [Fact]
    public void A_timestamp_of_24_days_ago_no_longer_counts()
    {
        var fixture = new StackFixture(new IpStackOptions { KeepAliveIdle = TimeSpan.Zero });
        var peer = new ScriptedPeer(fixture) { Timestamps = true, Timestamp = 5000 };
        var flow = peer.Open();
        fixture.Pass(TimeSpan.FromDays(24.1));
        peer.Timestamp = 4000;
        peer.Data(ScriptedPeer.Next, "late"u8);

        Assert.Equal("late"u8.ToArray(), Read(flow));
    }

    [Fact]
    public void The_timestamp_of_the_first_segment_that_waits_for_its_acknowledgment_is_echoed()
    {
        _peer.Timestamps = true;
        _peer.Open();
        _peer.Timestamp = 1001;
        _peer.Data(ScriptedPeer.Next, new byte[100]);
        _peer.Timestamp = 1002;
        _peer.Data(ScriptedPeer.Next + 100, new byte[100]);
        _fixture.Pass(TimeSpan.FromMilliseconds(10));
        Assert.Equal(1001u, _peer.Expect().Options.TimestampEcho);

        _peer.Timestamp = 1003;
        _peer.Data(ScriptedPeer.Next + 300, new byte[100]);
        Assert.Equal(1001u, _peer.Expect().Options.TimestampEcho);
        _peer.Timestamp = 1004;
        _peer.Data(ScriptedPeer.Next + 200, new byte[100]);
        Assert.Equal(1004u, _peer.Expect().Options.TimestampEcho);
    }

    [Fact]
    public void A_silent_application_is_probed_and_given_up()
    {
        var flow = _peer.Open();
        var probes = 0;
        for (var i = 0; i < 400; i++)
        {
            _fixture.Pass(TimeSpan.FromSeconds(1));
            while (_fixture.Receive() is not null)
            {
                probes++;
            }
        }

        Assert.Equal(9 + 1, probes);
        Assert.True(flow.Closed.IsCompleted);
    }

    [Fact]
    public void An_application_that_answers_probes_stays()
    {
        var flow = _peer.Open();
        for (var i = 0; i < 1000; i++)
        {
            _fixture.Pass(TimeSpan.FromSeconds(1));
            while (_fixture.Receive() is not null)
            {
                _peer.Ack();
            }
        }

        Assert.False(flow.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_full_send_queue_makes_the_writer_wait()
    {
        var flow = _peer.Open(window: 0);
        var written = 0;
        Task<Memory<byte>> pending;
        while ((pending = flow.GetWriteMemoryAsync(default).AsTask()).IsCompleted)
        {
            var memory = pending.Now();
            flow.AdvanceWrite(memory.Length);
            written += memory.Length;
        }

        Assert.InRange(written, 256 * 1024, 320 * 1024);
        _fixture.Settle();
        flow.Abort();
        await Assert.ThrowsAsync<FlowAbortedException>(() => pending);
    }

    private TcpOptions Sack(uint start, uint end)
    {
        var options = new TcpOptions();
        options.AddSackBlock(new SackBlock(new(_peer.StackNext + start), new(_peer.StackNext + end)));
        return options;
    }

    private static byte[] Read(TcpFlow flow)
    {
        var all = new List<byte>();
        while (flow.ReceiveQueue.Length > 0)
        {
            var bytes = flow.ReadAsync(default).Now();
            all.AddRange(bytes.Span);
            flow.AdvanceRead(bytes.Length);
        }

        return [.. all];
    }

    private void Write(TcpFlow flow, int count, StackFixture? fixture = null)
    {
        flow.GetWriteMemoryAsync(default).Now().Span[..count].Fill(7);
        flow.AdvanceWrite(count);
        (fixture ?? _fixture).Settle();
    }
}
