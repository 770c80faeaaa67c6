using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.UnitTests.TrafficManager;
using static Telepresence.UnitTests.Protocol.Grpc.GrpcServerFixture;

namespace Telepresence.UnitTests.Protocol.Grpc;

public class GrpcChannelTests
{
    private static readonly TimeSpan Patience = ManagerFixture.Patience;

    [Theory]
    [InlineData(GrpcTransport.Http2Connection)]
    [InlineData(GrpcTransport.HttpClient)]
    public async Task Unary_answers(GrpcTransport transport)
    {
        await using var server = await StartAsync(
            transport,
            methods => methods.Unary(Unary, (request, _) => new(new StringValue { Value = request.Value + "!" }))
        );
        var answer = await server.Channel.AsyncUnaryCall(Unary, default, Text("hello"));
        Assert.Equal("hello!", answer.Value);
    }

    [Theory]
    [InlineData(GrpcTransport.Http2Connection)]
    [InlineData(GrpcTransport.HttpClient)]
    public async Task A_status_without_a_message_is_told_with_its_detail(GrpcTransport transport)
    {
        await using var server = await StartAsync(
            transport,
            methods => methods.Unary(Unary, (_, _) => throw new RpcException(StatusCode.NotFound, "nö 100 %\n"))
        );
        var e = await Assert.ThrowsAsync<RpcException>(async () =>
            await server.Channel.AsyncUnaryCall(Unary, default, Text(""))
        );
        Assert.Equal((StatusCode.NotFound, "nö 100 %\n"), (e.StatusCode, e.Status.Detail));
    }

    [Theory]
    [InlineData(GrpcTransport.Http2Connection)]
    [InlineData(GrpcTransport.HttpClient)]
    public async Task A_status_after_messages_is_told_after_them(GrpcTransport transport)
    {
        await using var server = await StartAsync(
            transport,
            methods => methods.ServerStreaming(Streaming, (_, _) => OneThenFail())
        );
        using var call = server.Channel.AsyncServerStreamingCall(Streaming, default, Text(""));
        var messages = call.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await messages.MoveNextAsync());
        Assert.Equal("one", messages.Current.Value);
        var e = await Assert.ThrowsAsync<RpcException>(async () => await messages.MoveNextAsync());
        Assert.Equal(StatusCode.Aborted, e.StatusCode);

        static async IAsyncEnumerable<StringValue> OneThenFail()
        {
            yield return Text("one");
            await Task.Yield();
            throw new RpcException(StatusCode.Aborted, "that was it");
        }
    }

    [Theory]
    [InlineData(GrpcTransport.Http2Connection)]
    [InlineData(GrpcTransport.HttpClient)]
    public async Task Duplex_goes_back_and_forth_until_completed(GrpcTransport transport)
    {
        await using var server = await StartAsync(
            transport,
            methods =>
                methods.Duplex(
                    Duplex,
                    async call =>
                    {
                        await call.SendHeadersAsync();
                        while (await call.ReadAsync<StringValue>() is { } message)
                            await call.WriteAsync(Text(message.Value + "!"));
                    }
                )
        );
        using var call = server.Channel.AsyncDuplexStreamingCall(Duplex, default);
        for (var i = 0; i < 10; i++)
        {
            await call.WriteAsync(Text($"{i}"));
            Assert.Equal($"{i}!", (await call.ReadAsync())?.Value);
        }
        call.Complete();
        Assert.Null(await call.ReadAsync());
    }

    [Theory]
    [InlineData(GrpcTransport.Http2Connection)]
    [InlineData(GrpcTransport.HttpClient)]
    public async Task Both_sides_know_the_deadline(GrpcTransport transport)
    {
        var onServer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(
            transport,
            methods => methods.Unary(Unary, (_, token) => NeverAsync(onServer, token))
        );
        var call = server.Channel.AsyncUnaryCall(
            Unary,
            new CallOptions(Deadline: TimeSpan.FromMilliseconds(50)),
            Text("")
        );
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.WaitAsync(Patience));
        Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
        await onServer.Task.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(GrpcTransport.Http2Connection)]
    [InlineData(GrpcTransport.HttpClient)]
    public async Task Giving_up_reaches_the_server(GrpcTransport transport)
    {
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var onServer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await StartAsync(
            transport,
            methods =>
                methods.Unary(
                    Unary,
                    (_, token) =>
                    {
                        began.SetResult();
                        return NeverAsync(onServer, token);
                    }
                )
        );
        using var giveUp = new CancellationTokenSource();
        var call = server.Channel.AsyncUnaryCall(Unary, new CallOptions(CancellationToken: giveUp.Token), Text(""));
        await began.Task.WaitAsync(Patience);
        await giveUp.CancelAsync();
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.WaitAsync(Patience));
        Assert.Equal(StatusCode.Cancelled, e.StatusCode);
        await onServer.Task.WaitAsync(Patience);
    }

    [Theory]
    [InlineData(GrpcTransport.Http2Connection)]
    [InlineData(GrpcTransport.HttpClient)]
    public async Task Too_long_an_answer_is_ResourceExhausted(GrpcTransport transport)
    {
        await using var server = await StartAsync(
            transport,
            methods => methods.Unary(Unary, (_, _) => new(Text(new string('x', 2000))))
        );
        await SessionTests.FailsAsync(
            StatusCode.ResourceExhausted,
            () => server.Channel.AsyncUnaryCall(Unary, default, Text("")).ResponseAsync
        );
    }

    [Theory]
    [InlineData(GrpcTransport.Http2Connection)]
    [InlineData(GrpcTransport.HttpClient)]
    public async Task Too_long_a_request_is_ResourceExhausted(GrpcTransport transport)
    {
        await using var server = await StartAsync(transport, methods => methods.Unary(Unary, (_, _) => new(Text(""))));
        await SessionTests.FailsAsync(
            StatusCode.ResourceExhausted,
            () => server.Channel.AsyncUnaryCall(Unary, default, Text(new string('x', 5_000_000))).ResponseAsync
        );
    }

    [Theory]
    [InlineData(GrpcTransport.Http2Connection)]
    [InlineData(GrpcTransport.HttpClient)]
    public async Task A_handlers_fault_is_Unknown(GrpcTransport transport)
    {
        await using var server = await StartAsync(
            transport,
            methods => methods.Unary(Unary, (_, _) => throw new InvalidOperationException("oops"))
        );
        await SessionTests.FailsAsync(
            StatusCode.Unknown,
            () => server.Channel.AsyncUnaryCall(Unary, default, Text("")).ResponseAsync
        );
    }

    private static StringValue Text(string value) => new() { Value = value };

    private static async ValueTask<StringValue> NeverAsync(
        TaskCompletionSource ended,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return Text("");
        }
        finally
        {
            ended.TrySetResult();
        }
    }
}
