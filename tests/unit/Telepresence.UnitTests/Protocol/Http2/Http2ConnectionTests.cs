using Telepresence.Protocol.Http2;
using Telepresence.Protocol.Http2.Hpack;
using static Telepresence.UnitTests.Protocol.Http2.ScriptedServer;

namespace Telepresence.UnitTests.Protocol.Http2;

public class Http2ConnectionTests
{
    private const Http2FrameFlags EndHeaders = Http2FrameFlags.EndHeaders;
    private const Http2FrameFlags EndStream = Http2FrameFlags.EndStream;

    [Fact]
    public async Task A_request_goes_out_whole_and_its_response_comes_in_with_trailers()
    {
        using var server = await StartAsync();
        using var stream = await server.OpenAsync([1, 2, 3]);
        await server.ExpectAsync(Http2FrameType.Headers);
        var (header, payload) = await server.ExpectAsync(Http2FrameType.Data);
        Assert.Equal((1, EndStream), (header.StreamId, header.Flags));
        Assert.Equal([1, 2, 3], payload);
        await server.AnswerAsync(1);
        await server.SendAsync(Http2FrameType.Data, 1, Http2FrameFlags.None, 4, 5);
        await server.SendHeadersAsync(1, EndStream, new HeaderField("grpc-status", "0"));
        Assert.Equal(200, (await stream.Response.WaitAsync(Patience)).Status);
        Assert.Equal([4, 5], await ReadToEndAsync(stream));
        Assert.Equal([new HeaderField("grpc-status", "0")], stream.Trailers);
    }

    [Fact]
    public async Task Padding_is_left_out_and_given_back_to_the_window()
    {
        using var server = await StartAsync(new Http2ConnectionOptions { InitialStreamWindow = 1000 });
        using var stream = await server.OpenAsync([]);
        await server.SendAsync(
            Http2FrameType.Headers,
            1,
            EndHeaders | Http2FrameFlags.Padded,
            [2, .. Block(new HeaderField(":status", "200")), 0, 0]
        );
        // Five times: more than the window, if padding counted for ever.
        for (var i = 0; i < 5; i++)
        {
            await server.SendAsync(Http2FrameType.Data, 1, Http2FrameFlags.Padded, [255, 7, .. new byte[255]]);
            var one = new byte[1];
            Assert.Equal(1, await stream.ReadAsync(one).AsTask().WaitAsync(Patience));
            Assert.Equal(7, one[0]);
        }
    }

    [Fact]
    public async Task The_windows_of_the_peer_hold_and_may_fall_below_zero()
    {
        using var server = await StartAsync();
        await server.SendSettingsAsync((Http2Setting.InitialWindowSize, 10));
        await server.ExpectAsync(Http2FrameType.Settings);
        using var stream = await server.OpenAsync();
        var writing = stream.WriteAsync(new byte[30]).AsTask();
        await server.ExpectAsync(Http2FrameType.Headers);
        Assert.Equal(10, (await server.ExpectAsync(Http2FrameType.Data)).Header.Length);
        // Ten are sent: the window is five below zero now.
        await server.SendSettingsAsync((Http2Setting.InitialWindowSize, 5));
        await server.ExpectAsync(Http2FrameType.Settings);
        await server.SendAsync(Http2FrameType.WindowUpdate, 1, Http2FrameFlags.None, Word(5));
        await server.SendAsync(Http2FrameType.Ping, 0, Http2FrameFlags.None, new byte[8]);
        await server.ExpectAsync(Http2FrameType.Ping);
        await server.SendAsync(Http2FrameType.WindowUpdate, 1, Http2FrameFlags.None, Word(3));
        Assert.Equal(3, (await server.ExpectAsync(Http2FrameType.Data)).Header.Length);
        Assert.False(writing.IsCompleted);
        await server.SendAsync(Http2FrameType.WindowUpdate, 1, Http2FrameFlags.None, Word(100));
        Assert.Equal(17, (await server.ExpectAsync(Http2FrameType.Data)).Header.Length);
        await writing.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_large_write_is_cut_as_the_peer_wants_and_streams_take_turns()
    {
        using var server = await StartAsync();
        await server.SendSettingsAsync((Http2Setting.InitialWindowSize, 0), (Http2Setting.MaxFrameSize, 20_000));
        await server.ExpectAsync(Http2FrameType.Settings);
        using var first = await server.OpenAsync();
        using var second = await server.OpenAsync();
        var writing = Task.WhenAll(
            first.WriteAsync(new byte[30_000]).AsTask(),
            second.WriteAsync(new byte[10]).AsTask()
        );
        await server.ExpectAsync(Http2FrameType.Headers);
        await server.ExpectAsync(Http2FrameType.Headers);
        await server.SendSettingsAsync((Http2Setting.InitialWindowSize, 100_000));
        var seen = new List<(int, int)>();
        while (seen.Count < 3)
        {
            var (header, _) = await server.ReadAsync();
            if (header.Type == Http2FrameType.Data)
                seen.Add((header.StreamId, header.Length));
        }
        Assert.Equal([(1, 20_000), (3, 10), (1, 10_000)], seen);
        await writing.WaitAsync(Patience);
    }

    [Fact]
    public async Task Going_away_in_order_serves_what_was_begun_and_takes_no_more()
    {
        using var server = await StartAsync();
        using var first = await server.OpenAsync([]);
        using var second = await server.OpenAsync([]);
        await server.SendAsync(Http2FrameType.GoAway, 0, Http2FrameFlags.None, [.. Word(1), .. Word(0)]);
        var e = await Assert.ThrowsAsync<Http2Exception>(() => second.Response.WaitAsync(Patience));
        Assert.True(e.IsUnprocessed);
        e = await Assert.ThrowsAsync<Http2Exception>(() => server.OpenAsync([]));
        Assert.True(e.IsUnprocessed);
        await server.SendHeadersAsync(1, EndStream, new HeaderField(":status", "200"));
        Assert.Equal(200, (await first.Response.WaitAsync(Patience)).Status);
        // The last stream is over: so is the connection.
        await server.Client.Completion.WaitAsync(Patience);
    }

    [Fact]
    public async Task More_streams_than_allowed_wait_for_one_to_end_and_can_be_given_up()
    {
        using var server = await StartAsync();
        await server.SendSettingsAsync((Http2Setting.MaxConcurrentStreams, 1));
        await server.ExpectAsync(Http2FrameType.Settings);
        using var first = await server.OpenAsync([]);
        using var giveUp = new CancellationTokenSource();
        var second = server.Client.OpenAsync(Request, [], giveUp.Token).AsTask();
        var third = server.OpenAsync([]);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(Patience));
        Assert.False(third.IsCompleted);
        await server.SendHeadersAsync(1, EndStream, new HeaderField(":status", "200"));
        using var opened = await third;
        Assert.Equal(3, opened.Id);
    }

    [Fact]
    public async Task A_stream_that_nobody_reads_holds_up_no_other()
    {
        var options = new Http2ConnectionOptions
        {
            InitialStreamWindow = 60_000,
            ConnectionWindow = 80_000,
            MaxUnread = 200_000,
        };
        using var server = await StartAsync(options);
        using var idle = await server.OpenAsync([]);
        using var busy = await server.OpenAsync([]);
        await server.AnswerAsync(1);
        await server.AnswerAsync(3);
        await server.SendAsync(Http2FrameType.Data, 1, Http2FrameFlags.None, new byte[60_000]);
        // The connection's window would be used up by now.
        await server.SendAsync(Http2FrameType.Data, 3, Http2FrameFlags.None, new byte[60_000]);
        await busy.ReadExactlyAsync(new byte[60_000]).AsTask().WaitAsync(Patience);
        await server.SendAsync(Http2FrameType.Data, 3, EndStream, new byte[60_000]);
        Assert.Equal(60_000, (await ReadToEndAsync(busy)).Length);
    }

    [Fact]
    public async Task Cancelled_waits_leave_the_stream_and_others_working()
    {
        using var server = await StartAsync();
        await server.SendSettingsAsync((Http2Setting.InitialWindowSize, 0));
        await server.ExpectAsync(Http2FrameType.Settings);
        using var stream = await server.OpenAsync();
        using var giveUp = new CancellationTokenSource();
        var reading = stream.ReadAsync(new byte[1], giveUp.Token).AsTask();
        var writing = stream.WriteAsync(new byte[1], giveUp.Token).AsTask();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Patience));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(Patience));
        // Nothing of the write was sent: another one may follow.
        writing = stream.WriteAsync(new byte[] { 9 }).AsTask();
        await server.SendAsync(Http2FrameType.WindowUpdate, 1, Http2FrameFlags.None, Word(1));
        Assert.Equal([9], (await server.FindAsync(Http2FrameType.Data)).Payload);
        await writing.WaitAsync(Patience);
        await server.AnswerAsync(1);
        await server.SendAsync(Http2FrameType.Data, 1, EndStream, 8);
        Assert.Equal([8], await ReadToEndAsync(stream));
    }

    [Fact]
    public async Task A_write_that_was_cut_off_within_ends_the_request()
    {
        using var server = await StartAsync();
        await server.SendSettingsAsync((Http2Setting.InitialWindowSize, 1));
        await server.ExpectAsync(Http2FrameType.Settings);
        using var stream = await server.OpenAsync();
        using var giveUp = new CancellationTokenSource();
        var writing = stream.WriteAsync(new byte[2], giveUp.Token).AsTask();
        await server.FindAsync(Http2FrameType.Data);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(Patience));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.WriteAsync(new byte[2]).AsTask());
    }

    [Fact]
    public async Task Disposing_resets_once_and_a_peers_reset_fails_both_directions()
    {
        using var server = await StartAsync();
        var first = await server.OpenAsync();
        await first.DisposeAsync();
        await first.DisposeAsync();
        Assert.Equal(Http2ErrorCode.Cancel, await server.ExpectResetAsync(1));
        using var second = await server.OpenAsync();
        await server.AnswerAsync(3);
        var reading = second.ReadAsync(new byte[1]).AsTask();
        await server.SendAsync(Http2FrameType.RstStream, 3, Http2FrameFlags.None, Word((uint)Http2ErrorCode.Cancel));
        var e = await Assert.ThrowsAsync<Http2Exception>(() => reading.WaitAsync(Patience));
        Assert.Equal(Http2ErrorCode.Cancel, e.ErrorCode);
        await Assert.ThrowsAsync<Http2Exception>(() => second.WriteAsync(new byte[1]).AsTask());
    }

    [Fact]
    public async Task A_response_that_came_to_its_end_outlives_a_reset_and_the_connection()
    {
        using var server = await StartAsync();
        using var stream = await server.OpenAsync();
        await server.AnswerAsync(1);
        await server.SendAsync(Http2FrameType.Data, 1, Http2FrameFlags.None, 1);
        await server.SendHeadersAsync(1, EndStream, new HeaderField("grpc-status", "8"));
        await server.SendAsync(Http2FrameType.RstStream, 1, Http2FrameFlags.None, Word(0));
        server.End();
        await server.Client.Completion.WaitAsync(Patience);
        Assert.Equal([1], await ReadToEndAsync(stream));
        Assert.Equal("8", Assert.Single(stream.Trailers).Value);
    }

    [Fact]
    public async Task Trailers_without_an_end_reset_the_stream_only()
    {
        using var server = await StartAsync();
        using var stream = await server.OpenAsync([]);
        using var other = await server.OpenAsync([]);
        await server.AnswerAsync(1);
        await server.AnswerAsync(1);
        Assert.Equal(Http2ErrorCode.ProtocolError, await server.ExpectResetAsync(1));
        await Assert.ThrowsAsync<Http2Exception>(() => stream.ReadAsync(new byte[1]).AsTask());
        await server.AnswerAsync(3);
        Assert.Equal(200, (await other.Response.WaitAsync(Patience)).Status);
    }

    [Fact]
    public async Task Headers_that_are_too_many_reset_the_stream_and_the_next_are_understood()
    {
        using var server = await StartAsync(new Http2ConnectionOptions { MaxHeaderListSize = 1000 });
        using var first = await server.OpenAsync([]);
        using var second = await server.OpenAsync([]);
        await server.SendHeadersAsync(
            1,
            default,
            new HeaderField(":status", "200"),
            new HeaderField("x", new string('y', 1500))
        );
        Assert.Equal(Http2ErrorCode.EnhanceYourCalm, await server.ExpectResetAsync(1));
        await server.AnswerAsync(3);
        Assert.Equal(200, (await second.Response.WaitAsync(Patience)).Status);
    }

    internal static async Task<byte[]> ReadToEndAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all).WaitAsync(Patience);
        return all.ToArray();
    }
}
