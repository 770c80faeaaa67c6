using System.Buffers.Binary;
using Telepresence.Protocol.Http2;
using static Telepresence.UnitTests.Protocol.Http2.ScriptedServer;

namespace Telepresence.UnitTests.Protocol.Http2;

/// <summary>A server that asks and does not read, and a transport that breaks: what waits is bounded, and fails as what it is.</summary>
public class StuckTransportTests
{
    [Theory]
    [InlineData(Http2FrameType.Ping, 8)]
    [InlineData(Http2FrameType.Settings, 0)]
    internal async Task A_server_that_asks_and_does_not_read_is_sent_away(Http2FrameType type, int length)
    {
        using var server = await StartAsync(new Http2ConnectionOptions { MaxReplies = 100 });
        server.Hold();
        using var stream = await server.OpenAsync([]);
        for (var i = 0; i < 100; i++)
            await server.SendAsync(type, 0, Http2FrameFlags.None, new byte[length]);
        await server.AnswerAsync(1);
        Assert.Equal(200, (await stream.Response.WaitAsync(Patience)).Status);
        Assert.True(server.Client.IsOpen);

        await server.SendAsync(type, 0, Http2FrameFlags.None, new byte[length]);
        await server.Client.Completion.WaitAsync(Patience);
        var e = await Assert.ThrowsAsync<Http2Exception>(() => stream.ReadAsync(new byte[1]).AsTask());
        Assert.Equal(Http2ErrorCode.EnhanceYourCalm, e.ErrorCode);
    }

    [Theory]
    [InlineData(Http2FrameType.Ping, 8)]
    [InlineData(Http2FrameType.Settings, 0)]
    internal async Task One_that_reads_gets_all_its_answers(Http2FrameType type, int length)
    {
        using var server = await StartAsync(new Http2ConnectionOptions { MaxReplies = 10 });
        for (var i = 0; i < 1000; i++)
        {
            await server.SendAsync(type, 0, Http2FrameFlags.None, new byte[length]);
            Assert.True((await server.ExpectAsync(type)).Header.Has(Http2FrameFlags.Ack));
        }
    }

    [Fact]
    public async Task Windows_that_grow_meanwhile_are_told_in_one_frame_each()
    {
        const int size = 64 * 1024;
        const int rounds = 200;
        using var server = await StartAsync(
            new Http2ConnectionOptions
            {
                InitialStreamWindow = size,
                MaxStreamWindow = size,
                ConnectionWindow = 2 * size,
            }
        );
        server.Hold();
        using var stream = await server.OpenAsync([]);
        await server.AnswerAsync(1);
        var buffer = new byte[size / 2];
        for (var i = 0; i < rounds; i++)
        {
            await server.SendAsync(Http2FrameType.Data, 1, Http2FrameFlags.None, buffer);
            await stream.ReadExactlyAsync(buffer).AsTask().WaitAsync(Patience);
        }
        server.Release();

        var updates = new List<(int StreamId, int Increment)>();
        while (updates.Count < 2)
        {
            var (header, payload) = await server.FindAsync(Http2FrameType.WindowUpdate);
            updates.Add((header.StreamId, BinaryPrimitives.ReadInt32BigEndian(payload)));
        }
        await server.SendAsync(Http2FrameType.Ping, 0, Http2FrameFlags.None, new byte[8]);
        await server.ExpectAsync(Http2FrameType.Ping);
        Assert.Equal([0, 1], updates.Select(update => update.StreamId).Order());
        Assert.All(updates, update => Assert.InRange(update.Increment, (rounds - 2) * size / 2, rounds * size / 2));
    }

    [Fact]
    public async Task Requests_are_refused_once_too_many_wait_and_taken_again_later()
    {
        using var server = await StartAsync(new Http2ConnectionOptions { MaxUnsent = 1000 });
        await server.SendSettingsAsync((Http2Setting.MaxConcurrentStreams, 10_000));
        await server.ExpectAsync(Http2FrameType.Settings);
        server.Hold();
        var opened = 0;
        Http2Exception? refusal = null;
        while (refusal is null)
        {
            try
            {
                // Each leaves its reset behind, too.
                await (await server.OpenAsync()).DisposeAsync();
                Assert.InRange(++opened, 0, 1000);
            }
            catch (Http2Exception e)
            {
                refusal = e;
            }
        }
        Assert.Equal((Http2ErrorCode.EnhanceYourCalm, false), (refusal.ErrorCode, refusal.IsUnprocessed));

        server.Release();
        for (var i = 0; i < opened; i++)
            await server.ExpectResetAsync((2 * i) + 1);
        using var next = await server.OpenAsync([]);
        await server.AnswerAsync((2 * opened) + 1);
        Assert.Equal(200, (await next.Response.WaitAsync(Patience)).Status);
    }

    [Fact]
    public async Task Resets_of_a_stream_that_is_over_are_not_answered()
    {
        using var server = await StartAsync();
        using var stream = await server.OpenAsync();
        await server.ExpectAsync(Http2FrameType.Headers);
        for (var i = 0; i < 10_000; i++)
            await server.SendAsync(Http2FrameType.RstStream, 1, Http2FrameFlags.None, Word(8));
        await server.SendAsync(Http2FrameType.Ping, 0, Http2FrameFlags.None, new byte[8]);
        await server.ExpectAsync(Http2FrameType.Ping);
        Assert.True(server.Client.IsOpen);
    }

    [Fact]
    public async Task Only_a_request_of_which_nothing_left_may_be_sent_again()
    {
        using var server = await StartAsync();
        server.Hold();
        using var first = await server.OpenAsync([1]);
        using var second = await server.OpenAsync([2]);
        server.End();
        await server.Client.Completion.WaitAsync(Patience);
        await Assert.ThrowsAsync<EndOfStreamException>(() => first.Response);
        Assert.True((await Assert.ThrowsAsync<Http2Exception>(() => second.Response)).IsUnprocessed);
        Assert.True((await Assert.ThrowsAsync<Http2Exception>(() => server.OpenAsync([3]))).IsUnprocessed);
    }

    [Fact]
    public async Task So_may_one_that_still_waited_for_another_to_end()
    {
        using var server = await StartAsync();
        await server.SendSettingsAsync((Http2Setting.MaxConcurrentStreams, 1));
        await server.ExpectAsync(Http2FrameType.Settings);
        using var first = await server.OpenAsync([]);
        var second = server.OpenAsync([]);
        server.End();
        Assert.True((await Assert.ThrowsAsync<Http2Exception>(() => second)).IsUnprocessed);
    }

    [Fact]
    public async Task A_transport_that_throws_at_once_ends_the_connection()
    {
        using var server = await StartAsync();
        using var earlier = await server.OpenAsync([]);
        server.RefuseWrites(new ObjectDisposedException("the transport"));
        using var stream = await server.OpenAsync([]);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.Response.WaitAsync(Patience));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => earlier.Response.WaitAsync(Patience));
        await server.Client.Completion.WaitAsync(Patience);
        Assert.False(server.Client.IsOpen);
    }

    [Fact]
    public async Task What_a_transport_fails_with_reaches_callers_as_an_IOException()
    {
        using var server = await StartAsync();
        using var stream = await server.OpenAsync([]);
        var cause = new InvalidOperationException("The pod is gone.");
        server.RefuseWrites(cause);
        using var other = await server.OpenAsync([]);
        var e = await Assert.ThrowsAsync<IOException>(() => stream.Response.WaitAsync(Patience));
        Assert.Equal((cause.Message, cause), (e.Message, e.InnerException));
    }
}
