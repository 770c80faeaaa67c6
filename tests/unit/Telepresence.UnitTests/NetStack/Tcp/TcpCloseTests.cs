using Telepresence.Engine.NetStack;
using Telepresence.Engine.NetStack.Tcp;
using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.NetStack.Tcp;

public class TcpCloseTests
{
    private readonly StackFixture _fixture = new();
    private readonly ScriptedPeer _peer;

    public TcpCloseTests() => _peer = new ScriptedPeer(_fixture);

    [Fact]
    public void The_application_closes_first()
    {
        var flow = _peer.Open();
        _peer.Data(ScriptedPeer.Next, "bye"u8, TcpFlags.Fin);
        Assert.Equal(ScriptedPeer.Next + 4, _peer.Expect().Acknowledgment);
        Assert.Equal(TcpState.CloseWait, flow.Connection.State);

        // Half closed: what the cluster still has to say arrives.
        Write(flow, "answer"u8);
        Assert.Equal("answer"u8.ToArray(), _peer.Expect().Payload);
        flow.CompleteWrite();
        _fixture.Settle();
        var fin = _peer.Expect();
        Assert.True(fin.Has(TcpFlags.Fin));
        Assert.Equal(TcpState.LastAck, flow.Connection.State);
        _peer.Ack(ScriptedPeer.Next + 4, fin.Sequence + 1);

        Assert.Equal(TcpState.Closed, flow.Connection.State);
        Assert.True(flow.Closed.IsCompletedSuccessfully);
        // Data is still there for the reader, then the end.
        var bytes = flow.ReadAsync(default).Now();
        Assert.Equal("bye"u8.ToArray(), bytes.ToArray());
        flow.AdvanceRead(3);
        Assert.True(flow.ReadAsync(default).Now().IsEmpty);
    }

    [Fact]
    public void The_cluster_closes_first()
    {
        var flow = _peer.Open();
        Write(flow, "bye"u8);
        flow.CompleteWrite();
        _fixture.Settle();
        Assert.Equal("bye"u8.ToArray(), _peer.Expect().Payload);
        var fin = _peer.Expect();
        Assert.True(fin.Has(TcpFlags.Fin));
        _peer.Ack(acknowledgment: fin.Sequence + 1);
        Assert.Equal(TcpState.FinWait2, flow.Connection.State);

        _peer.Data(ScriptedPeer.Next, "more"u8, acknowledgment: fin.Sequence + 1);
        Assert.Equal("more"u8.ToArray(), flow.ReadAsync(default).Now().ToArray());
        flow.AdvanceRead(4);
        _peer.Send(TcpFlags.Fin | TcpFlags.Acknowledgment, ScriptedPeer.Next + 4, fin.Sequence + 1);
        Assert.Equal(ScriptedPeer.Next + 5, _peer.Expect().Acknowledgment);
        Assert.Equal(TcpState.TimeWait, flow.Connection.State);
        Assert.True(flow.Closed.IsCompleted);

        _fixture.Pass(TimeSpan.FromSeconds(61));
        Assert.Empty(_fixture.Stack.Snapshot().Tcp);
    }

    [Fact]
    public void Both_close_at_once()
    {
        var flow = _peer.Open();
        flow.CompleteWrite();
        _fixture.Settle();
        var fin = _peer.Expect();
        _peer.Send(TcpFlags.Fin | TcpFlags.Acknowledgment, ScriptedPeer.Next, _peer.StackNext);
        Assert.Equal(TcpState.Closing, flow.Connection.State);
        Assert.Equal(ScriptedPeer.Next + 1, _peer.Expect().Acknowledgment);
        _peer.Ack(ScriptedPeer.Next + 1, fin.Sequence + 1);

        Assert.Equal(TcpState.TimeWait, flow.Connection.State);
    }

    [Fact]
    public void Both_fins_cross_with_acknowledgment()
    {
        var flow = _peer.Open();
        flow.CompleteWrite();
        _fixture.Settle();
        var fin = _peer.Expect();
        _peer.Send(TcpFlags.Fin | TcpFlags.Acknowledgment, ScriptedPeer.Next, fin.Sequence + 1);

        Assert.Equal(TcpState.TimeWait, flow.Connection.State);
    }

    [Fact]
    public void A_lost_fin_is_sent_again()
    {
        var flow = _peer.Open();
        flow.CompleteWrite();
        _fixture.Settle();
        var fin = _peer.Expect();
        _fixture.Pass(TimeSpan.FromSeconds(2));

        var again = _peer.Expect();
        Assert.True(again.Has(TcpFlags.Fin));
        Assert.Equal(fin.Sequence, again.Sequence);
    }

    [Fact]
    public void A_fin_ahead_of_a_hole_waits_for_it()
    {
        var flow = _peer.Open();
        _peer.Data(ScriptedPeer.Next + 5, "world"u8, TcpFlags.Fin);
        Assert.Equal(TcpState.Established, flow.Connection.State);
        _peer.Data(ScriptedPeer.Next, "hello"u8);

        Assert.Equal(TcpState.CloseWait, flow.Connection.State);
        Assert.Equal("helloworld"u8.ToArray(), flow.ReadAsync(default).Now().ToArray());
    }

    [Fact]
    public void Everything_queued_goes_out_before_the_fin()
    {
        var flow = _peer.Open(window: 512);
        Write(flow, new byte[20_000]);
        flow.CompleteWrite();
        _fixture.Settle();
        uint next = _peer.StackNext;
        Segment segment;
        do
        {
            segment = _peer.Expect();
            Assert.Equal(next, segment.Sequence);
            next += (uint)segment.Payload.Length;
            _peer.Ack(acknowledgment: next);
        } while (!segment.Has(TcpFlags.Fin));

        Assert.Equal(20_000u, next - _peer.StackNext);
    }

    [Theory]
    [MemberData(nameof(OpenStates))]
    public void A_reset_ends_every_state(string stateName)
    {
        var flow = Reach(Enum.Parse<TcpState>(stateName), out var next, out var acknowledgment);
        _peer.Send(TcpFlags.Reset, next, acknowledgment);

        Assert.Equal(TcpState.Closed, flow.Connection.State);
        Assert.Empty(_fixture.Stack.Snapshot().Tcp);
        Assert.True(flow.Closed.IsCompleted);
    }

    [Theory]
    [MemberData(nameof(OpenStates))]
    public void A_reset_that_is_only_near_is_challenged(string stateName)
    {
        var flow = Reach(Enum.Parse<TcpState>(stateName), out var next, out var acknowledgment);
        if (flow.Connection.State is TcpState.LastAck or TcpState.TimeWait or TcpState.CloseWait or TcpState.Closing)
        {
            // After the peer's FIN the window has no further number.
            return;
        }

        _peer.Send(TcpFlags.Reset, next + 10, acknowledgment);

        Assert.NotEqual(TcpState.Closed, flow.Connection.State);
        Assert.Equal(next, _peer.Expect().Acknowledgment);
    }

    [Fact]
    public void Challenges_are_limited()
    {
        _peer.Open();
        for (uint i = 0; i < 100; i++)
        {
            _peer.Send(TcpFlags.Syn, ScriptedPeer.Next + i, 0);
        }

        var count = 0;
        while (_fixture.Receive() is not null)
        {
            count++;
        }

        Assert.Equal(10, count);
    }

    [Fact]
    public void Two_sides_that_find_each_other_unacceptable_fall_silent()
    {
        _peer.Open();
        for (uint i = 0; i < 100; i++)
        {
            _peer.Ack(sequence: ScriptedPeer.Next - 1000);
        }

        var count = 0;
        while (_fixture.Receive() is not null)
        {
            count++;
        }

        Assert.Equal(10, count);
        // An old segment with data is another matter: its sender has missed an acknowledgment.
        _peer.Data(ScriptedPeer.Next - 5, "again"u8);
        Assert.Equal(ScriptedPeer.Next, _peer.Expect().Acknowledgment);
    }

    [Fact]
    public void A_port_whose_connection_the_application_forgot_is_opened_anew()
    {
        var flow = _peer.Open();
        _peer.Syn(sequence: ScriptedPeer.Next + 500_000_000);
        var challenge = _peer.Expect();
        Assert.Equal(TcpFlags.Acknowledgment, challenge.Flags);
        // What a kernel in SYN-SENT answers to that (RFC 9293 §3.5.1, figure 9).
        _peer.Send(TcpFlags.Reset, challenge.Acknowledgment, 0);
        Assert.Equal(TcpState.Closed, flow.Connection.State);
        _peer.Syn(sequence: ScriptedPeer.Next + 500_000_000);

        Assert.Equal(TcpState.SynPending, _fixture.TcpFlows[1].Connection.State);
    }

    [Fact]
    public void An_acknowledgment_of_what_was_never_sent_is_challenged()
    {
        var flow = _peer.Open();
        _peer.Ack(acknowledgment: _peer.StackNext + 1000);

        Assert.Equal(_peer.StackNext, _peer.Expect().Sequence);
        Assert.Equal(TcpState.Established, flow.Connection.State);
    }

    [Fact]
    public void An_acknowledgment_of_long_ago_is_challenged()
    {
        var flow = _peer.Open();
        _peer.Data(ScriptedPeer.Next, "x"u8, acknowledgment: _peer.StackNext - 10_000_000);

        Assert.Equal(ScriptedPeer.Next, _peer.Expect().Acknowledgment);
        Assert.Equal(0, flow.ReceiveQueue.Length);
    }

    [Fact]
    public void A_syn_within_the_window_is_challenged()
    {
        var flow = _peer.Open();
        _peer.Send(TcpFlags.Syn, ScriptedPeer.Next, 0);

        Assert.Equal(ScriptedPeer.Next, _peer.Expect().Acknowledgment);
        Assert.Equal(TcpState.Established, flow.Connection.State);
    }

    [Fact]
    public void A_reset_outside_the_window_is_ignored()
    {
        var flow = _peer.Open();
        _peer.Send(TcpFlags.Reset, ScriptedPeer.Next + 10_000_000, 0);

        _peer.ExpectNothing();
        Assert.Equal(TcpState.Established, flow.Connection.State);
    }

    [Theory]
    [MemberData(nameof(OpenStates))]
    public void Abort_resets_from_every_state(string stateName)
    {
        var flow = Reach(Enum.Parse<TcpState>(stateName), out var next, out _);
        flow.Abort();
        _fixture.Settle();

        Assert.Equal(TcpState.Closed, flow.Connection.State);
        if (stateName != nameof(TcpState.TimeWait))
        {
            var reset = _peer.Expect();
            Assert.True(reset.Has(TcpFlags.Reset));
            Assert.Equal(next, reset.Acknowledgment);
        }

        flow.Abort();
        _fixture.Settle();
        _peer.ExpectNothing();
    }

    [Fact]
    public void Time_wait_lets_a_later_syn_reuse_the_port()
    {
        var flow = Reach(TcpState.TimeWait, out var next, out _);
        _peer.Syn(sequence: next - 100);
        Assert.Single(_fixture.TcpFlows);
        _peer.Expect();
        _peer.Syn(sequence: next + 100_000);

        Assert.Equal(2, _fixture.TcpFlows.Count);
        Assert.Equal(TcpState.Closed, flow.Connection.State);
        Assert.Equal(TcpState.SynPending, _fixture.TcpFlows[1].Connection.State);
    }

    [Theory]
    // RFC 6191: the timestamp decides where it differs, the sequence number where it does not.
    [InlineData(1, -100, true)]
    [InlineData(0, 100, true)]
    [InlineData(0, -100, false)]
    [InlineData(-1, 100, false)]
    public void Time_wait_lets_a_later_timestamp_reuse_the_port(int timestamp, int sequence, bool reused)
    {
        _peer.Timestamps = true;
        var flow = Reach(TcpState.TimeWait, out var next, out _);
        _peer.Timestamp = (uint)(_peer.Timestamp + timestamp);
        _peer.Syn(sequence: (uint)(next + sequence));

        Assert.Equal(reused ? TcpState.Closed : TcpState.TimeWait, flow.Connection.State);
        Assert.Equal(reused ? 2 : 1, _fixture.TcpFlows.Count);
    }

    [Fact]
    public void Time_wait_is_not_ended_by_a_syn_with_fin()
    {
        var flow = Reach(TcpState.TimeWait, out var next, out var acknowledgment);
        _peer.Send(TcpFlags.Syn | TcpFlags.Fin, next + 100_000, acknowledgment);

        Assert.Equal(TcpState.TimeWait, flow.Connection.State);
    }

    [Fact]
    public void Reusing_a_port_leaves_nothing_of_the_connection_before()
    {
        var sequence = ScriptedPeer.Initial;
        for (var i = 0; i < 100; i++, sequence += 100_000)
        {
            _peer.Syn(sequence: sequence);
            var flow = _fixture.TcpFlows[^1];
            flow.Accept();
            flow.CompleteWrite();
            _fixture.Settle();
            var first = _peer.Expect().Sequence + 1;
            _peer.Send(TcpFlags.Acknowledgment, sequence + 1, first);
            _peer.Send(TcpFlags.Fin | TcpFlags.Acknowledgment, sequence + 1, first + 1);
            while (_fixture.Receive() is not null) { }

            Assert.Equal(TcpState.TimeWait, flow.Connection.State);
        }

        Assert.Single(_fixture.Stack.Snapshot().Tcp);
        Assert.Equal(1, _fixture.Loop.Tcp.TimeWaitCount);
    }

    [Fact]
    public void Time_wait_gives_way_when_the_table_is_full()
    {
        var fixture = new StackFixture(new IpStackOptions { MaximumFlows = 1 });
        var peer = new ScriptedPeer(fixture);
        var flow = peer.Open();
        flow.CompleteWrite();
        fixture.Settle();
        var fin = peer.Expect();
        peer.Send(TcpFlags.Fin | TcpFlags.Acknowledgment, ScriptedPeer.Next, fin.Sequence + 1);
        Assert.Equal(TcpState.TimeWait, flow.Connection.State);

        new ScriptedPeer(fixture, port: 41_000).Syn();
        Assert.Equal(2, fixture.TcpFlows.Count);
        Assert.Single(fixture.Stack.Snapshot().Tcp);
    }

    public static TheoryData<string> OpenStates =>
        [
            nameof(TcpState.SynReceived),
            nameof(TcpState.Established),
            nameof(TcpState.FinWait1),
            nameof(TcpState.FinWait2),
            nameof(TcpState.CloseWait),
            nameof(TcpState.Closing),
            nameof(TcpState.LastAck),
            nameof(TcpState.TimeWait),
        ];

    private TcpFlow Reach(TcpState state, out uint next, out uint acknowledgment)
    {
        next = ScriptedPeer.Next;
        if (state == TcpState.SynReceived)
        {
            _peer.Syn();
            _fixture.TcpFlows[0].Accept();
            _fixture.Settle();
            acknowledgment = _peer.Expect().Sequence + 1;
            return _fixture.TcpFlows[0];
        }

        var flow = _peer.Open();
        acknowledgment = _peer.StackNext;
        if (state is TcpState.FinWait1 or TcpState.FinWait2 or TcpState.Closing or TcpState.TimeWait)
        {
            flow.CompleteWrite();
            _fixture.Settle();
            acknowledgment += state == TcpState.FinWait1 || state == TcpState.Closing ? 0u : 1u;
            _peer.Ack(acknowledgment: acknowledgment);
        }

        if (state is TcpState.Closing or TcpState.TimeWait or TcpState.CloseWait or TcpState.LastAck)
        {
            _peer.Send(TcpFlags.Fin | TcpFlags.Acknowledgment, next++, acknowledgment);
        }

        if (state == TcpState.LastAck)
        {
            flow.CompleteWrite();
            _fixture.Settle();
        }

        while (_fixture.Receive() is not null) { }

        Assert.Equal(state, flow.Connection.State);
        return flow;
    }

    private void Write(TcpFlow flow, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(flow.GetWriteMemoryAsync(default).Now().Span);
        flow.AdvanceWrite(bytes.Length);
        _fixture.Settle();
    }
}
