using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;

namespace Telepresence.UnitTests.Client.Ipc;

public sealed class JsonRpcConnectionTests
{
    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    private static async Task<(Stream Near, Stream Far)> StreamsAsync()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        TcpClient near = new() { NoDelay = true };
        var connecting = near.ConnectAsync((IPEndPoint)listener.LocalEndpoint, Deadline);
        var far = await listener.AcceptTcpClientAsync(Deadline);
        far.NoDelay = true;
        await connecting;
        return (near.GetStream(), far.GetStream());
    }

    private static async Task<(JsonRpcConnection Client, JsonRpcConnection Server)> ConnectAsync(
        JsonRpcMethods serves,
        JsonRpcMethods? listens = null,
        JsonRpcOptions? options = null
    )
    {
        var (near, far) = await StreamsAsync();
        JsonRpcConnection server = new(far, serves, options);
        JsonRpcConnection client = new(near, listens);
        server.Start();
        client.Start();
        return (client, server);
    }

    private static byte[] Frame(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var frame = new byte[4 + bytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, bytes.Length);
        bytes.CopyTo(frame, 4);
        return frame;
    }

    private static async Task<string> ReadFrameAsync(Stream stream)
    {
        var head = new byte[4];
        await stream.ReadExactlyAsync(head, Deadline);
        var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head)];
        await stream.ReadExactlyAsync(body, Deadline);
        return Encoding.UTF8.GetString(body);
    }

    [Fact]
    public async Task A_request_is_answered_and_answers_may_overtake_each_other()
    {
        TaskCompletionSource first = new();
        JsonRpcMethods methods = new();
        methods.Register<ResolveParameters, int>(
            "length",
            async (parameters, _, _) =>
            {
                if (parameters.Name == "slow")
                {
                    await first.Task;
                }
                return parameters.Name.Length;
            }
        );
        var (client, server) = await ConnectAsync(methods);
        await using (server)
        await using (client)
        {
            var slow = client.InvokeAsync<ResolveParameters, int>("length", new("slow"), Deadline);
            Assert.Equal(2, await client.InvokeAsync<ResolveParameters, int>("length", new("ab"), Deadline));
            first.SetResult();
            Assert.Equal(4, await slow);
        }
    }

    [Fact]
    public async Task Typed_errors_arrive_as_they_were()
    {
        JsonRpcMethods methods = new();
        methods.Register<SessionParameters>(
            "fail",
            (_, _, _) =>
                throw ErrorCatalogue.Error(
                    ErrorId.SubnetConflict,
                    "10.0.0.0/8",
                    ("subnet", "10.0.0.0/8"),
                    ("parameters", "-Vnat 10.0.0.0/8")
                )
        );
        methods.Register<SessionParameters>("fault", (_, _, _) => throw new FormatException("odd"));
        var (client, server) = await ConnectAsync(methods);
        await using (server)
        await using (client)
        {
            var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
                client.InvokeAsync("fail", new SessionParameters(), Deadline)
            );
            Assert.True(error.Is(ErrorId.SubnetConflict));
            Assert.Equal("10.0.0.0/8", error.TargetObject);
            Assert.Contains("-Vnat", error.RecommendedAction, StringComparison.Ordinal);
            var fault = await Assert.ThrowsAsync<TelepresenceException>(() =>
                client.InvokeAsync("fault", new SessionParameters(), Deadline)
            );
            Assert.True(fault.Is(ErrorId.InternalError));
            Assert.Contains("odd", fault.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<TelepresenceException>(() =>
                client.InvokeAsync("none", new SessionParameters(), Deadline)
            );
        }
    }

    [Fact]
    public async Task Cancelling_cancels_the_other_end_too()
    {
        TaskCompletionSource started = new();
        TaskCompletionSource cancelled = new();
        JsonRpcMethods methods = new();
        methods.Register<SessionParameters>(
            "wait",
            async (_, _, cancellationToken) =>
            {
                started.SetResult();
                try
                {
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }
                finally
                {
                    cancelled.SetResult();
                }
            }
        );
        var (client, server) = await ConnectAsync(methods);
        await using (server)
        await using (client)
        {
            using CancellationTokenSource source = new();
            var call = client.InvokeAsync("wait", new SessionParameters(), source.Token);
            await started.Task.WaitAsync(Deadline);
            await source.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            await cancelled.Task.WaitAsync(Deadline);
        }
    }

    [Fact]
    public async Task Notifications_reach_the_listener_in_order()
    {
        List<string?> got = [];
        TaskCompletionSource all = new();
        JsonRpcMethods listens = new();
        listens.OnNotification<SessionParameters>(
            "changed",
            (parameters, _) =>
            {
                got.Add(parameters.Session);
                if (got.Count == 100)
                {
                    all.SetResult();
                }
            }
        );
        var (client, server) = await ConnectAsync(new JsonRpcMethods(), listens);
        await using (server)
        await using (client)
        {
            for (var i = 0; i < 100; i++)
            {
                server.Notify("changed", new SessionParameters($"{i}"));
            }
            await all.Task.WaitAsync(Deadline);
            Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i}"), got);
        }
    }

    [Fact]
    public async Task An_answer_does_not_overtake_what_was_told_before_it()
    {
        const int Told = 5;
        var got = 0;
        JsonRpcMethods listens = new();
        listens.OnNotification<SessionParameters>("progress", (_, _) => got++);
        JsonRpcMethods methods = new();
        methods.Register<SessionParameters>(
            "work",
            (_, request, _) =>
            {
                for (var i = 0; i < Told; i++)
                {
                    request.Connection.Notify("progress", new SessionParameters($"{i}"));
                }
                return Task.CompletedTask;
            }
        );
        var (client, server) = await ConnectAsync(methods, listens);
        await using (server)
        await using (client)
        {
            for (var call = 1; call <= 1000; call++)
            {
                await client.InvokeAsync("work", new SessionParameters(), Deadline);
                Assert.Equal(call * Told, got);
            }
        }
    }

    [Fact]
    public async Task A_cancelled_request_may_wait_until_the_other_end_has_undone_what_it_began()
    {
        TaskCompletionSource runs = new();
        TaskCompletionSource mayUndo = new();
        var undone = false;
        JsonRpcMethods methods = new();
        methods.Register<SessionParameters, int>(
            "work",
            async (_, _, cancellationToken) =>
            {
                try
                {
                    runs.SetResult();
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    return 0;
                }
                finally
                {
                    await mayUndo.Task;
                    undone = true;
                }
            }
        );
        var (client, server) = await ConnectAsync(methods);
        await using (client)
        await using (server)
        {
            using CancellationTokenSource source = new();
            var call = client.InvokeAsync<SessionParameters, int>("work", new(), TimeSpan.FromMinutes(1), source.Token);
            await runs.Task.WaitAsync(Deadline);

            await source.CancelAsync();
            mayUndo.SetResult();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            Assert.True(undone);
        }
    }

    [Fact]
    public async Task A_cancelled_request_waits_no_longer_than_it_was_allowed()
    {
        TaskCompletionSource runs = new();
        TaskCompletionSource never = new();
        JsonRpcMethods methods = new();
        methods.Register<SessionParameters, int>(
            "work",
            async (_, _, _) =>
            {
                runs.SetResult();
                await never.Task;
                return 0;
            }
        );
        var (client, server) = await ConnectAsync(methods);
        await using (client)
        await using (server)
        {
            using CancellationTokenSource source = new();
            var call = client.InvokeAsync<SessionParameters, int>(
                "work",
                new(),
                TimeSpan.FromMilliseconds(1),
                source.Token
            );
            await runs.Task.WaitAsync(Deadline);

            await source.CancelAsync();

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call.WaitAsync(Deadline));
            never.SetResult();
        }
    }

    [Fact]
    public async Task The_end_of_the_connection_fails_what_is_pending_and_cancels_what_runs()
    {
        TaskCompletionSource started = new();
        TaskCompletionSource cancelled = new();
        JsonRpcMethods methods = new();
        methods.Register<SessionParameters>(
            "wait",
            async (_, _, cancellationToken) =>
            {
                started.SetResult();
                using var registration = cancellationToken.Register(() => cancelled.SetResult());
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
        );
        var (client, server) = await ConnectAsync(methods);
        await using (server)
        {
            var call = client.InvokeAsync("wait", new SessionParameters(), Deadline);
            await started.Task.WaitAsync(Deadline);
            await client.DisposeAsync();
            var error = await Assert.ThrowsAsync<TelepresenceException>(() => call);
            Assert.True(error.Is(ErrorId.EngineUnavailable));
            await cancelled.Task.WaitAsync(Deadline);
            await server.Completion.WaitAsync(Deadline);
            var late = await Assert.ThrowsAsync<TelepresenceException>(() =>
                client.InvokeAsync("wait", new SessionParameters(), Deadline)
            );
            Assert.True(late.Is(ErrorId.EngineUnavailable));
        }
    }

    [Fact]
    public async Task More_requests_than_allowed_are_refused_and_the_connection_lives()
    {
        TaskCompletionSource go = new();
        JsonRpcMethods methods = new();
        methods.Register<SessionParameters, int>(
            "wait",
            async (_, _, _) =>
            {
                await go.Task;
                return 1;
            }
        );
        var (client, server) = await ConnectAsync(
            methods,
            options: new JsonRpcOptions { MaximumConcurrentRequests = 2 }
        );
        await using (server)
        await using (client)
        {
            Task<int>[] calls =
            [
                .. Enumerable
                    .Range(0, 3)
                    .Select(_ => client.InvokeAsync<SessionParameters, int>("wait", new SessionParameters(), Deadline)),
            ];
            var refused = await Task.WhenAny(calls);
            var error = await Assert.ThrowsAsync<TelepresenceException>(() => refused);
            Assert.Contains("more than 2 requests", error.Message, StringComparison.Ordinal);
            go.SetResult();
            foreach (var call in calls.Where(call => call != refused))
            {
                Assert.Equal(1, await call);
            }
        }
    }

    [Theory]
    [InlineData("{")]
    [InlineData("7")]
    [InlineData("""{"id":1,"method":"x"}""")]
    [InlineData("""{"jsonrpc":"2.0"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":"text","method":"x"}""")]
    public async Task A_malformed_message_is_refused_and_ends_the_connection(string json)
    {
        var (near, far) = await StreamsAsync();
        await using JsonRpcConnection server = new(far);
        server.Start();
        await near.WriteAsync(Frame(json), Deadline);
        Assert.Contains("-32700", await ReadFrameAsync(near), StringComparison.Ordinal);
        Assert.Equal(0, await near.ReadAsync(new byte[1], Deadline));
        await Assert.ThrowsAsync<JsonRpcProtocolException>(() => server.Completion.WaitAsync(Deadline));
        await near.DisposeAsync();
    }

    [Fact]
    public async Task A_frame_longer_than_allowed_is_refused_before_it_is_read()
    {
        var (near, far) = await StreamsAsync();
        await using JsonRpcConnection server = new(far, options: new JsonRpcOptions { MaximumFrame = 100 });
        server.Start();
        await near.WriteAsync(new byte[] { 0, 0, 0, 101 }, Deadline);
        await Assert.ThrowsAsync<JsonRpcProtocolException>(() => server.Completion.WaitAsync(Deadline));
        await near.DisposeAsync();
    }

    [Fact]
    public async Task Wrong_params_are_answered_and_the_connection_lives()
    {
        JsonRpcMethods methods = new();
        methods.Register<ResolveParameters, int>("length", (p, _, _) => Task.FromResult(p.Name.Length));
        var (near, far) = await StreamsAsync();
        await using JsonRpcConnection server = new(far, methods);
        server.Start();
        await near.WriteAsync(Frame("""{"jsonrpc":"2.0","id":1,"method":"length","params":[1]}"""), Deadline);
        Assert.Contains("-32602", await ReadFrameAsync(near), StringComparison.Ordinal);
        await near.WriteAsync(
            Frame("""{"jsonrpc":"2.0","id":2,"method":"length","params":{"name":"abc"}}"""),
            Deadline
        );
        Assert.Contains("\"result\":3", await ReadFrameAsync(near), StringComparison.Ordinal);
        await near.DisposeAsync();
    }

    [Fact]
    public void Malformed_messages_never_throw_anything_but_the_typed_error()
    {
        var seed = Encoding.UTF8.GetBytes(
            """{"jsonrpc":"2.0","id":12,"method":"session.list","params":{"session":"a\u00e9"},"error":{"code":-1,"message":"m","data":{"id":"x"}}}"""
        );
        Random random = new(3);
        for (var i = 0; i < 100_000; i++)
        {
            var bytes = seed.ToArray();
            for (var change = random.Next(4); change >= 0; change--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }
            try
            {
                JsonRpcFraming.Parse(bytes.AsSpan(0, random.Next(bytes.Length + 1)));
            }
            catch (JsonRpcProtocolException)
            {
                continue;
            }
        }
    }
}
