using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Telepresence.Protocol.Http2;
using Telepresence.Protocol.Http2.Hpack;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Protocol.Http2;

/// <summary>Against a server that we did not write.</summary>
public class KestrelTests
{
    private static readonly TimeSpan Patience = ManagerFixture.Patience;

    [Fact]
    public async Task Ten_thousand_streams_share_a_connection()
    {
        await using var server = await StartAsync(limits => limits.MaxStreamsPerConnection = 20_000);
        using var client = await ConnectAsync(server);
        var streams = new List<Http2Stream>();
        for (var i = 0; i < 10_000; i++)
            streams.Add(await OpenAsync(client));
        foreach (var stream in streams)
        {
            await stream.WriteAsync(default, new byte[] { 1 }, flush: true, default);
            stream.CompleteRequest();
        }
        foreach (var stream in streams)
            Assert.Single(await Http2ConnectionTests.ReadToEndAsync(stream));
    }

    [Fact]
    public async Task Three_hundred_calls_pass_a_limit_of_a_hundred()
    {
        await using var server = await StartAsync(limits => limits.MaxStreamsPerConnection = 100);
        using var client = await ConnectAsync(server);
        var lengths = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => EchoAsync(client, 5000)))
            .WaitAsync(Patience);
        Assert.All(lengths, length => Assert.Equal(5000, length));
    }

    [Theory]
    [InlineData(16 * 1024, 65_535)]
    [InlineData(256 * 1024, 1024 * 1024)]
    public async Task Much_goes_both_ways_at_once_unchanged(int maxFrame, int window)
    {
        await using var server = await StartAsync(limits =>
        {
            limits.MaxFrameSize = maxFrame;
            limits.InitialStreamWindowSize = window;
            limits.InitialConnectionWindowSize = window;
        });
        using var client = await ConnectAsync(server);
        var lengths = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => EchoAsync(client, 5_000_000)))
            .WaitAsync(Patience);
        Assert.All(lengths, length => Assert.Equal(5_000_000, length));
    }

    [Fact]
    public async Task A_server_that_stops_lets_calls_finish_and_takes_no_more()
    {
        var server = await StartAsync(_ => { });
        await using var _ = server;
        using var client = await ConnectAsync(server);
        using var stream = await OpenAsync(client);
        await stream.WriteAsync(default, new byte[] { 1 }, flush: true, default);
        await stream.ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(Patience);
        var stopping = server.StopAsync();
        while (client.IsOpen)
            await Task.Yield();
        var e = await Assert.ThrowsAsync<Http2Exception>(() => OpenAsync(client));
        Assert.True(e.IsUnprocessed);
        stream.CompleteRequest();
        Assert.Empty(await Http2ConnectionTests.ReadToEndAsync(stream));
        await stopping.WaitAsync(Patience);
        await client.Completion.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_reset_reaches_the_server_and_other_streams_go_on()
    {
        await using var server = await StartAsync(_ => { });
        using var client = await ConnectAsync(server);
        using var other = await OpenAsync(client);
        for (var i = 0; i < 50; i++)
        {
            var stream = await OpenAsync(client);
            await stream.WriteAsync(default, new byte[10_000], flush: true, default);
            await stream.DisposeAsync();
        }
        await other.WriteAsync(default, new byte[] { 7 }, flush: true, default);
        var one = new byte[1];
        await other.ReadExactlyAsync(one).AsTask().WaitAsync(Patience);
        Assert.Equal(7, one[0]);
    }

    private static async Task<int> EchoAsync(Http2Connection client, int length)
    {
        using var stream = await OpenAsync(client);
        var sent = new byte[length];
        new Random(length).NextBytes(sent);
        var writing = WriteAsync();
        var received = await Http2ConnectionTests.ReadToEndAsync(stream);
        await writing;
        Assert.True(received.AsSpan().SequenceEqual(sent));
        return received.Length;

        async Task WriteAsync()
        {
            for (var at = 0; at < length; at += 100_000)
                await stream.WriteAsync(sent.AsMemory(at, Math.Min(100_000, length - at)));
            stream.CompleteRequest();
        }
    }

    private static Task<Http2Stream> OpenAsync(Http2Connection client) =>
        client
            .OpenAsync(
                [
                    new HeaderField(":method", "POST"),
                    new HeaderField(":scheme", "http"),
                    new HeaderField(":path", "/"),
                    new HeaderField(":authority", "server"),
                ],
                null,
                default
            )
            .AsTask()
            .WaitAsync(Patience);

    private static async Task<Http2Connection> ConnectAsync(WebApplication server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, new Uri(server.Urls.First()).Port);
        return Http2Connection.Start(
            new NetworkStream(socket, ownsSocket: true),
            new Http2ConnectionOptions(),
            TimeProvider.System
        );
    }

    private static async Task<WebApplication> StartAsync(Action<Http2Limits> set)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            set(kestrel.Limits.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        });
        var server = builder.Build();
        server.Run(EchoAsync);
        await server.StartAsync();
        return server;
    }

    private static async Task EchoAsync(HttpContext context)
    {
        await context.Response.StartAsync();
        try
        {
            await context.Request.Body.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has reset the stream.
        }
    }
}
