using Telepresence.Protocol.Http2;
using Telepresence.Protocol.Http2.Hpack;
using static Telepresence.UnitTests.Protocol.Http2.ScriptedServer;

namespace Telepresence.UnitTests.Protocol.Http2;

/// <summary>What breaks the protocol ends the connection with the code that RFC 9113 names, and never anything else.</summary>
public class HostileServerTests
{
    private const Http2FrameFlags None = Http2FrameFlags.None;
    private const int EndHeaders = (int)Http2FrameFlags.EndHeaders;

    [Theory]
    // Streams that were never opened; a server's number; what belongs to the connection.
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Data, 3, 0, "00")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Data, 2, 0, "00")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Data, 0, 0, "00")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Headers, 5, EndHeaders, "88")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.RstStream, 7, 0, "00000000")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.WindowUpdate, 9, 0, "00000001")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Settings, 1, 0, "")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Ping, 1, 0, "0000000000000000")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.GoAway, 1, 0, "0000000000000000")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.PushPromise, 1, EndHeaders, "0000000288")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Continuation, 1, EndHeaders, "88")]
    // Sizes.
    [InlineData(Http2ErrorCode.FrameSizeError, Http2FrameType.Settings, 0, 0, "0001")]
    [InlineData(Http2ErrorCode.FrameSizeError, Http2FrameType.Settings, 0, 1, "000100000000")]
    [InlineData(Http2ErrorCode.FrameSizeError, Http2FrameType.Ping, 0, 0, "00")]
    [InlineData(Http2ErrorCode.FrameSizeError, Http2FrameType.RstStream, 1, 0, "00")]
    [InlineData(Http2ErrorCode.FrameSizeError, Http2FrameType.WindowUpdate, 1, 0, "00")]
    [InlineData(Http2ErrorCode.FrameSizeError, Http2FrameType.GoAway, 0, 0, "00")]
    // Values.
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Settings, 0, 0, "000200000001")]
    [InlineData(Http2ErrorCode.FlowControlError, Http2FrameType.Settings, 0, 0, "000480000000")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Settings, 0, 0, "000500000001")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Settings, 0, 0, "000501000000")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.WindowUpdate, 0, 0, "00000000")]
    [InlineData(Http2ErrorCode.FlowControlError, Http2FrameType.WindowUpdate, 0, 0, "7fffffff")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Data, 1, 8, "02ff")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Data, 1, 8, "")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Headers, 1, EndHeaders | 8, "0588")]
    [InlineData(Http2ErrorCode.ProtocolError, Http2FrameType.Headers, 1, EndHeaders | 0x20, "000000")]
    // Header compression: no such index; a string past its block; a table that was not granted; a wrong padding.
    [InlineData(Http2ErrorCode.CompressionError, Http2FrameType.Headers, 1, EndHeaders, "c0")]
    [InlineData(Http2ErrorCode.CompressionError, Http2FrameType.Headers, 1, EndHeaders, "80")]
    [InlineData(Http2ErrorCode.CompressionError, Http2FrameType.Headers, 1, EndHeaders, "000561")]
    [InlineData(Http2ErrorCode.CompressionError, Http2FrameType.Headers, 1, EndHeaders, "3fe21f")]
    [InlineData(Http2ErrorCode.CompressionError, Http2FrameType.Headers, 1, EndHeaders, "8820")]
    [InlineData(Http2ErrorCode.CompressionError, Http2FrameType.Headers, 1, EndHeaders, "01820000")]
    [InlineData(Http2ErrorCode.CompressionError, Http2FrameType.Headers, 1, EndHeaders, "ffffffffff7f")]
    internal async Task A_broken_frame_ends_the_connection(
        Http2ErrorCode expected,
        Http2FrameType type,
        int streamId,
        int flags,
        string payload
    )
    {
        using var server = await StartAsync();
        using var stream = await server.OpenAsync([]);
        await server.SendAsync(type, streamId, (Http2FrameFlags)flags, Convert.FromHexString(payload));
        Assert.Equal(expected, await server.ExpectGoAwayAsync());
        await FailsAsync(server, stream, expected);
    }

    [Fact]
    public async Task A_frame_larger_than_allowed_is_not_waited_for()
    {
        using var server = await StartAsync();
        var header = new byte[Http2FrameHeader.Size];
        new Http2FrameHeader((64 * 1024) + 1, Http2FrameType.Data, None, 1).Write(header);
        await server.SendAsync(header);
        Assert.Equal(Http2ErrorCode.FrameSizeError, await server.ExpectGoAwayAsync());
    }

    [Theory]
    [InlineData(Http2FrameType.Ping, 0, "0000000000000000")]
    [InlineData(Http2FrameType.Settings, 1, "")]
    internal async Task Anything_before_SETTINGS_is_an_error(Http2FrameType type, int flags, string payload)
    {
        using var server = await StartAsync(greets: false);
        await server.SendAsync(type, 0, (Http2FrameFlags)flags, Convert.FromHexString(payload));
        Assert.Equal(Http2ErrorCode.ProtocolError, await server.ExpectGoAwayAsync());
    }

    [Fact]
    public async Task Another_frame_within_a_header_block_is_an_error()
    {
        using var server = await StartAsync();
        using var stream = await server.OpenAsync([]);
        await server.SendAsync(Http2FrameType.Headers, 1, None, 0x88);
        await server.SendAsync(Http2FrameType.Ping, 0, None, new byte[8]);
        Assert.Equal(Http2ErrorCode.ProtocolError, await server.ExpectGoAwayAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16_000)]
    public async Task Headers_without_an_end_are_ended(int length)
    {
        using var server = await StartAsync();
        using var stream = await server.OpenAsync([]);
        await server.SendAsync(Http2FrameType.Headers, 1, None, 0x88);
        for (var i = 0; i < 100; i++)
            await server.SendAsync(Http2FrameType.Continuation, 1, None, new byte[length]);
        Assert.Equal(Http2ErrorCode.EnhanceYourCalm, await server.ExpectGoAwayAsync());
    }

    [Fact]
    public async Task More_data_than_the_streams_window_resets_the_stream()
    {
        using var server = await StartAsync(new Http2ConnectionOptions { InitialStreamWindow = 10 });
        using var stream = await server.OpenAsync([]);
        await server.AnswerAsync(1);
        await server.SendAsync(Http2FrameType.Data, 1, None, new byte[11]);
        Assert.Equal(Http2ErrorCode.FlowControlError, await server.ExpectResetAsync(1));
    }

    [Fact]
    public async Task More_data_than_the_connections_window_ends_it()
    {
        using var server = await StartAsync(
            new Http2ConnectionOptions
            {
                ConnectionWindow = 70_000,
                InitialStreamWindow = 100_000,
                MaxUnread = 0,
            }
        );
        using var stream = await server.OpenAsync([]);
        await server.AnswerAsync(1);
        for (var i = 0; i < 8; i++)
            await server.SendAsync(Http2FrameType.Data, 1, None, new byte[10_000]);
        Assert.Equal(Http2ErrorCode.FlowControlError, await server.ExpectGoAwayAsync());
    }

    [Fact]
    public async Task Data_before_headers_resets_the_stream()
    {
        using var server = await StartAsync();
        using var stream = await server.OpenAsync([]);
        await server.SendAsync(Http2FrameType.Data, 1, None, 1);
        Assert.Equal(Http2ErrorCode.ProtocolError, await server.ExpectResetAsync(1));
        await Assert.ThrowsAsync<Http2Exception>(() => stream.Response.WaitAsync(Patience));
    }

    [Fact]
    public async Task Malformed_headers_reset_the_stream_only()
    {
        HeaderField[][] malformed =
        [
            [],
            [new("x", "y")],
            [new(":status", "abc")],
            [new(":status", "200"), new("X", "y")],
            [new(":status", "200"), new(":status", "200")],
        ];
        using var server = await StartAsync();
        for (var i = 0; i < malformed.Length; i++)
        {
            var id = (2 * i) + 1;
            using var stream = await server.OpenAsync([]);
            await server.SendHeadersAsync(id, None, malformed[i]);
            Assert.Equal(Http2ErrorCode.ProtocolError, await server.ExpectResetAsync(id));
        }
        Assert.True(server.Client.IsOpen);
    }

    [Fact]
    public async Task What_comes_late_for_a_stream_that_is_over_is_passed_over()
    {
        using var server = await StartAsync();
        var stream = await server.OpenAsync();
        await stream.DisposeAsync();
        await server.ExpectResetAsync(1);
        await server.AnswerAsync(1);
        await server.SendAsync(Http2FrameType.Data, 1, Http2FrameFlags.EndStream, 1, 2, 3);
        await server.SendAsync(Http2FrameType.RstStream, 1, None, Word(8));
        await server.SendAsync(Http2FrameType.WindowUpdate, 1, None, Word(1));
        await server.SendAsync((Http2FrameType)0x77, 1, None, 1, 2, 3);
        await server.SendAsync(Http2FrameType.Ping, 0, None, 1, 2, 3, 4, 5, 6, 7, 8);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], (await server.FindAsync(Http2FrameType.Ping)).Payload);
    }

    private static async Task FailsAsync(ScriptedServer server, Http2Stream stream, Http2ErrorCode expected)
    {
        await server.Client.Completion.WaitAsync(Patience);
        var e = await Assert.ThrowsAsync<Http2Exception>(() => stream.Response.WaitAsync(Patience));
        Assert.Equal(expected, e.ErrorCode);
        Assert.False(server.Client.IsOpen);
    }
}
