using Telepresence.Engine.NetStack.Tcp;
using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.NetStack.Tcp;

/// <summary>How the stack finds and repairs loss: RACK-TLP (RFC 8985), DSACK (RFC 2883), undoing (RFC 3522, RFC 4015).</summary>
public class TcpLossTests
{
    private const uint Size = 1448;
    private static readonly TimeSpan _roundTrip = TimeSpan.FromMilliseconds(20);
    private readonly StackFixture _fixture = new();
    private readonly ScriptedPeer _peer;
    private readonly TcpFlow _flow;
    private readonly uint _timestampOffset;
    private uint _acknowledged;
    private int _inFlight;

    public TcpLossTests()
    {
        _peer = new ScriptedPeer(_fixture) { Timestamps = true };
        _flow = _peer.Open();
        _acknowledged = _peer.StackNext;
        // Enough rounds for the estimator to believe in 20 ms.
        for (var i = 0; i < 40; i++)
        {
            Write(Size);
            _timestampOffset = _peer.Expect().Options.TimestampValue - Now;
            Pass(_roundTrip);
            Acknowledge(Size);
        }
    }

    [Fact]
    public void A_hole_is_given_a_quarter_of_the_round_trip()
    {
        Write(4 * Size);
        Take(4);
        Pass(_roundTrip);
        Report(Size, 2 * Size);
        _peer.ExpectNothing();

        Pass(TimeSpan.FromMilliseconds(4));
        _peer.ExpectNothing();
        Pass(TimeSpan.FromMilliseconds(2));
        Assert.Equal(_acknowledged, _peer.Expect().Sequence);
        _peer.ExpectNothing();
    }

    [Fact]
    public void Three_reported_segments_end_the_patience()
    {
        Write(6 * Size);
        Take(6);
        Pass(_roundTrip);
        Report(Size, 4 * Size);

        Assert.Equal(_acknowledged, _peer.Expect().Sequence);
        _peer.ExpectNothing();
    }

    [Fact]
    public void A_lost_retransmission_is_noticed_without_a_time_out()
    {
        Write(6 * Size);
        Take(6);
        Pass(_roundTrip);
        Report(Size, 4 * Size);
        Assert.Equal(_acknowledged, _peer.Expect().Sequence);
        // Sent after the retransmission, and here before it.
        Write(Size);
        Take(1);
        Pass(_roundTrip);
        Report(Size, 7 * Size);

        Assert.Equal(_acknowledged, _peer.Expect().Sequence);
        Assert.Equal(2, _flow.Statistics.Retransmits);
    }

    [Fact]
    public void Reordering_that_was_seen_makes_patient()
    {
        Write(3 * Size);
        Take(3);
        Pass(_roundTrip);
        Report(Size, 3 * Size);
        // The first one was only late.
        Acknowledge(3 * Size);
        Write(6 * Size);
        Take(6);
        Pass(_roundTrip);
        Report(Size, 6 * Size);
        _peer.ExpectNothing();

        Pass(TimeSpan.FromMilliseconds(6));
        Assert.Equal(_acknowledged, _peer.Expect().Sequence);
    }

    [Fact]
    public void A_lost_tail_is_probed_before_the_time_out()
    {
        Write(4 * Size);
        Take(4);
        Pass(_roundTrip);
        Acknowledge(2 * Size);
        Pass(TimeSpan.FromMilliseconds(30));
        _peer.ExpectNothing();
        Pass(TimeSpan.FromMilliseconds(20));

        // The last segment; its acknowledgment then tells of the one before.
        Assert.Equal(_acknowledged + Size, _peer.Expect().Sequence);
        _peer.ExpectNothing();
        Pass(_roundTrip);
        Report(Size, 2 * Size);
        Pass(TimeSpan.FromMilliseconds(6));
        Assert.Equal(_acknowledged, _peer.Expect().Sequence);
    }

    [Fact]
    public void A_probe_is_new_data_where_there_is_some()
    {
        var start = _acknowledged;
        WriteMuch();
        uint sent = 0;
        while (_fixture.Receive() is not null)
        {
            sent += Size;
        }

        Pass(TimeSpan.FromMilliseconds(60));
        var probe = _peer.Expect();
        Assert.Equal(start + sent, probe.Sequence);
        _peer.ExpectNothing();
    }

    [Fact]
    public void A_late_acknowledgment_undoes_a_time_out()
    {
        WriteMuch();
        var window = 0;
        while (_fixture.Receive() is not null)
        {
            window++;
        }

        Assert.True(window >= 10);
        var before = Now;
        Pass(TimeSpan.FromSeconds(2));
        Assert.True(_flow.Statistics.Retransmits > 0);
        while (_fixture.Receive() is not null) { }

        // All arrive after all, and the echo says that it was the first transmission.
        _acknowledged += (uint)window * Size;
        Send(_acknowledged, echo: before);
        var after = 0;
        while (_fixture.Receive() is not null)
        {
            after++;
        }

        Assert.True(after >= window, $"{after} segments after {window}");
    }

    [Fact]
    public void A_time_out_that_was_right_lowers_the_window()
    {
        WriteMuch();
        var window = 0;
        while (_fixture.Receive() is not null)
        {
            window++;
        }

        Pass(TimeSpan.FromSeconds(2));
        while (_fixture.Receive() is not null) { }

        _acknowledged += (uint)window * Size;
        Send(_acknowledged, echo: Now);
        var after = 0;
        while (_fixture.Receive() is not null)
        {
            after++;
        }

        Assert.InRange(after, 1, window * 7 / 10);
    }

    [Fact]
    public void Reported_duplicates_undo_a_recovery()
    {
        var window = SpuriousRecovery();
        // The retransmission comes too, and that tells.
        ReportDuplicate(_acknowledged - (6 * Size), Size);

        var room = Room();
        Assert.True(room > window, $"{room} segments after {window}");
    }

    [Fact]
    public void A_packet_that_the_network_doubled_undoes_nothing()
    {
        var window = SpuriousRecovery();
        ReportDuplicate(_acknowledged - (3 * Size), Size);

        Assert.InRange(Room(), 1, window);
    }

    [Fact]
    public void A_retransmission_gives_no_sample()
    {
        var before = _flow.Connection.RoundTrip;
        Write(Size);
        Take(1);
        Pass(TimeSpan.FromMilliseconds(300));
        Assert.Equal(_acknowledged, _peer.Expect().Sequence);
        Acknowledge(Size);

        Assert.Equal(before, _flow.Connection.RoundTrip);
    }

    [Fact]
    public void What_was_reported_counts_no_more_after_two_time_outs()
    {
        Write(3 * Size);
        Take(3);
        Pass(_roundTrip);
        Report(Size, 2 * Size);
        Pass(TimeSpan.FromSeconds(2));
        while (_fixture.Receive() is not null) { }

        // The peer has discarded it after all, and waits for it.
        Acknowledge(Size);
        Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(_acknowledged, _peer.Expect().Sequence);
    }

    [Fact]
    public void What_came_twice_is_reported_first()
    {
        _peer.Data(ScriptedPeer.Next, new byte[10]);
        _peer.Data(ScriptedPeer.Next, new byte[10]);
        var answer = _peer.Expect();

        Assert.Equal(ScriptedPeer.Next + 10, answer.Acknowledgment);
        Assert.Equal(1, answer.Options.SackBlockCount);
        Assert.Equal(
            new SackBlock(new(ScriptedPeer.Next), new(ScriptedPeer.Next + 10)),
            answer.Options.GetSackBlock(0)
        );
    }

    [Fact]
    public void What_came_twice_beyond_a_hole_is_followed_by_its_block()
    {
        _peer.Data(ScriptedPeer.Next + 100, new byte[100]);
        _peer.Expect();
        _peer.Data(ScriptedPeer.Next + 120, new byte[30]);
        var options = _peer.Expect().Options;

        Assert.Equal(2, options.SackBlockCount);
        Assert.Equal(
            new SackBlock(new(ScriptedPeer.Next + 120), new(ScriptedPeer.Next + 150)),
            options.GetSackBlock(0)
        );
        Assert.Equal(
            new SackBlock(new(ScriptedPeer.Next + 100), new(ScriptedPeer.Next + 200)),
            options.GetSackBlock(1)
        );
    }

    [Fact]
    public void A_duplicate_is_reported_once()
    {
        _peer.Data(ScriptedPeer.Next, new byte[10]);
        _peer.Data(ScriptedPeer.Next, new byte[10]);
        _peer.Expect();
        _peer.Data(ScriptedPeer.Next + 20, new byte[10]);

        Assert.Equal(ScriptedPeer.Next + 20, _peer.Expect().Options.GetSackBlock(0).Start.Value);
    }

    /// <summary>
    /// Ten segments are out, the first of them is late, is sent again, and comes. Returns what the stack has in flight
    /// afterwards, in segments.
    /// </summary>
    private int SpuriousRecovery()
    {
        Write(6 * Size);
        Take(6);
        Pass(_roundTrip);
        Report(Size, 4 * Size);
        Assert.Equal(_acknowledged, _peer.Expect().Sequence);
        // Without an echo that could tell.
        Acknowledge(6 * Size);
        WriteMuch();
        return Drain();
    }

    private void ReportDuplicate(uint start, uint length)
    {
        var options = new TcpOptions();
        options.AddSackBlock(new SackBlock(new(start), new(start + length)));
        Send(_acknowledged, echo: Now, options);
    }

    /// <summary>How many segments may be out at once, as the stack shows by what it sends now beside what is out.</summary>
    private int Room() => _inFlight + Drain();

    private int Drain()
    {
        var count = 0;
        while (_fixture.Receive() is not null)
        {
            count++;
        }

        _inFlight += count;
        return count;
    }

    private uint Now => (uint)_fixture.Time.Now.TotalMilliseconds;

    private void Pass(TimeSpan time)
    {
        // In small steps, as a loop would see it.
        for (var until = _fixture.Time.Now + time; _fixture.Time.Now < until; )
        {
            _fixture.Pass(TimeSpan.FromMilliseconds(1));
        }
    }

    private void Take(int segments)
    {
        for (var i = 0; i < segments; i++)
        {
            Assert.Equal((int)Size, _peer.Expect().Payload.Length);
        }

        _peer.ExpectNothing();
    }

    private void Acknowledge(uint bytes)
    {
        _acknowledged += bytes;
        Send(_acknowledged, echo: Now);
    }

    /// <summary>Reports a block; positions count from what is acknowledged.</summary>
    private void Report(uint start, uint end)
    {
        var options = new TcpOptions();
        options.AddSackBlock(new SackBlock(new(_acknowledged + start), new(_acknowledged + end)));
        Send(_acknowledged, echo: Now, options);
    }

    private void Send(uint acknowledgment, uint echo, TcpOptions options = default)
    {
        options.HasTimestamps = true;
        options.TimestampValue = _peer.Timestamp;
        options.TimestampEcho = echo + _timestampOffset;
        _peer.Ack(acknowledgment: acknowledgment, options: options);
    }

    private void Write(uint count)
    {
        _flow.GetWriteMemoryAsync(default).Now().Span[..(int)count].Fill(7);
        _flow.AdvanceWrite((int)count);
        _fixture.Settle();
    }

    private void WriteMuch()
    {
        for (var written = 0; written < 200_000; )
        {
            var count = _flow.GetWriteMemoryAsync(default).Now().Length;
            _flow.AdvanceWrite(count);
            written += count;
        }

        _fixture.Settle();
    }
}
