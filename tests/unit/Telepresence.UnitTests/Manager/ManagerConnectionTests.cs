using System.Net;
using System.Net.Sockets;
using Telepresence.Client.Errors;
using Telepresence.Engine.Manager;
using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Compatibility;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Manager;

public class ManagerConnectionTests
{
    private static readonly ManagerConnectionOptions Options = new()
    {
        Name = "me@here",
        InstallId = "id",
        Namespace = "default",
        ManagerNamespace = "manager",
    };

    [Fact]
    public async Task Connects_and_tells_what_the_cluster_is_and_changes_to()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var connection = await ManagerConnection.OpenAsync(manager.ConnectAsync, Options, default);
        Assert.Equal("v2.25.0", connection.ManagerVersion);
        Assert.Equal("dns: {}\n", connection.ClientConfiguration);
        await using var infos = connection.WatchClusterInfoAsync(default).GetAsyncEnumerator();
        Assert.True(await infos.MoveNextAsync());
        Assert.Equal(manager.Current.ServiceSubnets, infos.Current.ServiceSubnets);
        Assert.Equal(manager.Current.PodSubnets, infos.Current.PodSubnets);
        Assert.Equal(manager.Current.AlsoProxy, infos.Current.AlsoProxy);
        Assert.Equal(manager.Current.ManagerPodAddress, infos.Current.ManagerPodAddress);
        manager.Current = manager.Current with { PodSubnets = [] };
        Assert.True(await infos.MoveNextAsync());
        Assert.Empty(infos.Current.PodSubnets);
    }

    [Fact]
    public async Task An_unreachable_cluster_is_told_as_such()
    {
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            ManagerConnection.OpenAsync(
                _ => throw ErrorCatalogue.Error(ErrorId.ClusterUnreachable, null),
                Options with
                {
                    ApiTimeout = TimeSpan.FromSeconds(1.2),
                },
                default
            )
        );
        Assert.True(error.Is(ErrorId.ClusterUnreachable), error.Message);
    }

    [Fact]
    public async Task A_connection_without_a_call_stays_open()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var stream = await manager.ConnectAsync(default);
        await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"u8.ToArray());
        // Kestrel looks at its connections once a second.
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(2.5));
        var buffer = new byte[4096];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (await stream.ReadAsync(buffer, deadline.Token) > 0) { }
        });
    }

    [Fact]
    public async Task A_transport_that_ends_in_good_order_before_the_answer_is_tried_again()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var opened = 0;
        await using var connection = await ManagerConnection.OpenAsync(
            async cancellationToken =>
                opened++ == 0 ? await GoingAwayAsync() : await manager.ConnectAsync(cancellationToken),
            Options,
            default
        );
        Assert.Equal("v2.25.0", connection.ManagerVersion);
        Assert.True(opened > 1);
    }

    /// <summary>An HTTP/2 server that has seen the first call and ends: SETTINGS, GOAWAY(1, NO_ERROR).</summary>
    private static async Task<Stream> GoingAwayAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        var server = await listener.AcceptTcpClientAsync();
        _ = Task.Run(async () =>
        {
            using (server)
            {
                var stream = server.GetStream();
                await stream.WriteAsync(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 });
                var seen = new List<byte>();
                var buffer = new byte[4096];
                // The headers of the first stream: type 1, END_HEADERS, stream 1.
                while (seen.ToArray().AsSpan().IndexOf((ReadOnlySpan<byte>)[1, 4, 0, 0, 0, 1]) < 0)
                    seen.AddRange(buffer.AsSpan(0, await stream.ReadAsync(buffer)).ToArray());
                await stream.WriteAsync(new byte[] { 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0 });
            }
        });
        return client.GetStream();
    }

    [Fact]
    public async Task A_session_the_manager_forgot_is_lost()
    {
        // Newer ones take the session over (ReconnectClient).
        await using var manager = await ManagerFixture.StartAsync(adjust: o =>
            o.Emulating(ManagerRelease.Parse("2.22"))
        );
        await using var connection = await ManagerConnection.OpenAsync(manager.ConnectAsync, Options, default);
        await using var infos = connection.WatchClusterInfoAsync(default).GetAsyncEnumerator();
        Assert.True(await infos.MoveNextAsync());
        await manager.Client.Depart(connection.Session);
        Assert.False(await infos.MoveNextAsync());
        await connection.Lost.WaitAsync(ManagerFixture.Patience);
    }

    [Fact]
    public async Task A_watch_begins_again_over_a_new_transport()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var transports = new List<Stream>();
        await using var connection = await ManagerConnection.OpenAsync(
            async cancellationToken =>
            {
                var transport = await manager.ConnectAsync(cancellationToken);
                transports.Add(transport);
                return transport;
            },
            Options,
            default
        );
        await using var infos = connection.WatchClusterInfoAsync(default).GetAsyncEnumerator();
        Assert.True(await infos.MoveNextAsync());
        await transports[0].DisposeAsync();
        Assert.True(await infos.MoveNextAsync());
        Assert.Equal(2, transports.Count);
        Assert.False(connection.Lost.IsCompleted);
    }

    [Fact]
    public async Task Names_are_looked_up()
    {
        await using var manager = await ManagerFixture.StartAsync();
        manager.Names[("echo.default.svc.cluster.local.", 1)] = new ClusterDnsAnswer(
            0,
            [new ClusterDnsRecord("echo.default.svc.cluster.local.", 1, [10, 96, 0, 9], 30)]
        );
        await using var connection = await ManagerConnection.OpenAsync(manager.ConnectAsync, Options, default);
        var (code, records) = await connection.Resolver.LookupAsync("echo.", 1, default);
        Assert.Equal(0, code);
        Assert.Equal(
            "046563686f00" + "0001" + "0001" + "00000004" + "0004" + "0a600009",
            Convert.ToHexStringLower(records.Span)
        );
        Assert.Equal(3, (await connection.Resolver.LookupAsync("nobody.", 1, default)).ResponseCode);
    }

    [Fact]
    public async Task An_old_manager_is_a_protocol_mismatch()
    {
        await using var manager = await ManagerFixture.StartAsync(adjust: options =>
            options with
            {
                Version = "v2.19.6",
            }
        );
        await FailsAsync(ErrorId.ManagerProtocolMismatch, manager.ConnectAsync);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3 and what else it may say\r\n")]
    [InlineData("220 ")]
    public async Task What_speaks_another_protocol_is_a_protocol_mismatch(string greeting)
    {
        using var listener = TunnelTests.Listener();
        // HttpClient itself tries anew when a connection fails that early: each one is greeted alike.
        var serving = Task.Run(async () =>
        {
            while (true)
            {
                using var peer = await listener.AcceptAsync();
                await peer.SendAsync(System.Text.Encoding.ASCII.GetBytes(greeting));
                await peer.ReceiveAsync(new byte[1024]);
            }
        });
        await FailsAsync(
            ErrorId.ManagerProtocolMismatch,
            token => ConnectAsync(TunnelTests.EndPointOf(listener), token),
            // However long it may try: it must not, so time stands still.
            new ManualTimeProvider()
        );
        listener.Dispose();
        // Whether the listener was waiting or had a peer: both may be.
        var ended = await Record.ExceptionAsync(() => serving.WaitAsync(ManagerFixture.Patience));
        Assert.True(ended is SocketException or ObjectDisposedException, $"{ended}");
    }

    [Fact]
    public async Task What_says_nothing_is_a_protocol_mismatch_before_the_time_is_over()
    {
        using var listener = TunnelTests.Listener();
        var time = new ManualTimeProvider();
        var opening = ManagerConnection.OpenAsync(
            token => ConnectAsync(TunnelTests.EndPointOf(listener), token),
            Options with
            {
                TimeProvider = time,
                ApiTimeout = TimeSpan.FromDays(1),
            },
            default
        );
        var patience = new GrpcChannelOptions().PrefaceTimeout;
        await time.TimerIsSetAsync(patience);
        time.Advance(patience);
        var e = await Assert.ThrowsAsync<TelepresenceException>(() => opening.WaitAsync(ManagerFixture.Patience));
        Assert.True(e.Is(ErrorId.ManagerProtocolMismatch), e.Message);
        Assert.Contains("said nothing", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_manager_that_is_only_starting_is_waited_for()
    {
        await using var manager = await ManagerFixture.StartAsync();
        var tries = 0;
        // A port-forward opens before the pod's port is dialled, and ends when that is refused.
        await using var connection = await ManagerConnection.OpenAsync(
            token => tries++ < 4 ? ValueTask.FromResult<Stream>(new EndedStream()) : manager.ConnectAsync(token),
            Options,
            default
        );
        Assert.Equal("v2.25.0", connection.ManagerVersion);
    }

    [Fact]
    public async Task An_unmanaged_namespace_is_not_found()
    {
        await using var manager = await ManagerFixture.StartAsync();
        manager.Current = manager.Current with { ManagedNamespaces = ["other"] };
        await FailsAsync(ErrorId.NamespaceNotFound, manager.ConnectAsync);
    }

    [Fact]
    public async Task Nobody_there_is_unavailable_when_the_time_is_over()
    {
        var time = new ManualTimeProvider();
        var opening = ManagerConnection.OpenAsync(
            token => ConnectAsync(TunnelTests.ClosedPort(), token),
            Options with
            {
                TimeProvider = time,
            },
            default
        );
        while (!opening.IsCompleted)
        {
            await Task.WhenAny(opening, time.AnyTimerAsync());
            time.Advance(TimeSpan.FromMilliseconds(100));
        }
        var e = await Assert.ThrowsAsync<TelepresenceException>(() => opening);
        Assert.True(e.Is(ErrorId.ManagerUnavailable), e.Message);
    }

    [Fact]
    public async Task The_transports_own_error_is_the_one_that_is_told()
    {
        await FailsAsync(
            ErrorId.PortForwardForbidden,
            _ => throw ErrorCatalogue.Error(ErrorId.PortForwardForbidden, null, ("namespace", "manager"))
        );
    }

    private static async Task FailsAsync(
        ErrorId expected,
        Func<CancellationToken, ValueTask<Stream>> connect,
        TimeProvider? time = null
    )
    {
        var options = Options with { TimeProvider = time ?? TimeProvider.System };
        var e = await Assert.ThrowsAsync<TelepresenceException>(() =>
            ManagerConnection.OpenAsync(connect, options, default).WaitAsync(ManagerFixture.Patience)
        );
        Assert.True(e.Is(expected), $"{e}");
    }

    private static async ValueTask<Stream> ConnectAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes everything, and has nothing to say.</summary>
    private sealed class EndedStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) { }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => ValueTask.CompletedTask;
    }
}
