using FsCheck;
using FsCheck.Fluent;
using Telepresence.Protocol.Http2;

namespace Telepresence.UnitTests.Protocol.Http2;

public class FlowControlTests
{
    [Fact]
    public void A_send_window_may_fall_below_zero_and_never_grows_past_its_limit()
    {
        var window = new SendWindow(10);
        window.Take(10);
        Assert.True(window.TryAdd(-5));
        Assert.Equal(0, window.Available);
        Assert.True(window.TryAdd(6));
        Assert.Equal(1, window.Available);
        Assert.False(window.TryAdd(int.MaxValue));
        Assert.Equal(1, window.Available);
    }

    [Fact]
    public void A_receive_window_grows_only_for_a_fast_reader_on_a_long_way_and_shrinks_for_a_slow_one()
    {
        var window = new ReceiveWindow(1000, 4000, now: 0);
        // Half is read within two round trips: twice the size, and what was read.
        Assert.True(window.TryReceive(500));
        Assert.Equal(1500, window.Consume(500, now: 10, roundTrip: 10));
        Assert.Equal(2000, window.Size);
        // As much, but slowly: it stays.
        Assert.True(window.TryReceive(1000));
        Assert.Equal(1000, window.Consume(1000, now: 100, roundTrip: 10));
        // All of it has come, and the reader is behind: half again, so that nothing is granted yet.
        Assert.True(window.TryReceive(2000));
        Assert.Equal(0, window.Consume(1000, now: 101, roundTrip: 10));
        Assert.Equal(1000, window.Size);
        Assert.False(window.TryReceive(1));
    }

    [Fact]
    public void A_receive_window_never_grants_more_than_its_bound_and_never_strands_the_peer() =>
        Prop.ForAll<(byte, byte)[]>(steps =>
            {
                var window = new ReceiveWindow(64, 256, now: 0);
                var (credit, unread) = (64, 0);
                for (var i = 0; i < steps.Length; i++)
                {
                    var sent = Math.Min(credit, steps[i].Item1);
                    Assert.True(window.TryReceive(sent));
                    (credit, unread) = (credit - sent, unread + sent);
                    var read = Math.Min(unread, steps[i].Item2);
                    unread -= read;
                    credit += window.Consume(read, now: i, roundTrip: i % 3);
                    Assert.InRange(credit + unread, 0, 256);
                }
                credit += window.Consume(unread, now: steps.Length, roundTrip: 0);
                return credit > 0;
            })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void The_connections_window_comes_back_on_arrival_until_too_much_is_unread()
    {
        var window = new ConnectionWindow(100, maxUnread: 50);
        Assert.True(window.TryReceive(60, out var increment));
        // 60 unread are 10 more than do not matter: the window is 90.
        Assert.Equal(50, increment);
        Assert.True(window.TryReceive(90, out increment));
        Assert.Equal(0, increment);
        Assert.False(window.TryReceive(1, out _));
        Assert.Equal(100, window.Consume(150));
    }

    [Fact]
    public void Segments_give_back_what_was_put_in() =>
        Prop.ForAll<(byte[] In, ushort Out)[]>(steps =>
            {
                var queue = new SegmentQueue(new SegmentPool());
                var expected = new Queue<byte>();
                foreach (var (bytes, length) in steps)
                {
                    // Long ones, too: past one segment.
                    var put = Enumerable.Repeat(bytes, 300).SelectMany(b => b).ToArray();
                    queue.Append(put);
                    Array.ForEach(put, expected.Enqueue);
                    var taken = new byte[length];
                    var count = queue.Read(taken);
                    Assert.Equal(Math.Min(length, expected.Count), count);
                    for (var i = 0; i < count; i++)
                        Assert.Equal(expected.Dequeue(), taken[i]);
                    Assert.Equal(expected.Count, queue.Length);
                }
                return true;
            })
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Frame_headers_are_read_as_they_are_written()
    {
        var bytes = new byte[Http2FrameHeader.Size];
        var header = new Http2FrameHeader(0xabcdef, Http2FrameType.Headers, (Http2FrameFlags)0x25, int.MaxValue);
        header.Write(bytes);
        Assert.Equal("abcdef01257fffffff", Convert.ToHexStringLower(bytes));
        // The reserved bit is none of ours.
        bytes[5] |= 0x80;
        Assert.Equal(header, Http2FrameHeader.Parse(bytes));
    }
}
