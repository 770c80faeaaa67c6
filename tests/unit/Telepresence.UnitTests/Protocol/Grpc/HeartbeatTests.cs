using Telepresence.Engine.Manager;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Protocol.Grpc;

/// <summary>Managers drop clients that send HTTP/2 PINGs more often than every five minutes (PROTOCOL §1.4).</summary>
public class HeartbeatTests
{
    [Fact]
    public void No_ping_goes_out_by_itself()
    {
        using var handler = HttpClientTransport.CreateHandler((_, _) => throw new InvalidOperationException());
        Assert.Equal(Timeout.InfiniteTimeSpan, handler.KeepAlivePingDelay);
    }

    [Fact]
    public async Task A_ping_that_measures_the_way_follows_data_so_that_no_server_takes_offence()
    {
        await using var manager = await ManagerFixture.StartAsync();
        PingStrikes? transport = null;
        using var channel = new GrpcChannel(
            async token => transport = new PingStrikes(await manager.ConnectAsync(token)),
            new GrpcChannelOptions { Transport = GrpcTransport.HttpClient }
        );
        var client = new ManagerClient(channel);
        for (var i = 0; i < 200; i++)
            await client.GetClientConfig();
        // Without any the test would show nothing: the runtime measures when a connection begins.
        Assert.True(transport!.Pings > 0);
        Assert.Equal(0, transport.Strikes);
    }

    [Fact]
    public async Task Our_own_connection_sends_no_ping_at_all()
    {
        await using var manager = await ManagerFixture.StartAsync();
        PingStrikes? transport = null;
        using var channel = new GrpcChannel(async token =>
            transport = new PingStrikes(await manager.ConnectAsync(token))
        );
        var client = new ManagerClient(channel);
        for (var i = 0; i < 200; i++)
            await client.GetClientConfig();
        Assert.Equal(0, transport!.Pings);
    }

    [Fact]
    public async Task A_session_is_kept_by_Remain_every_five_seconds()
    {
        var time = new ManualTimeProvider();
        await using var manager = await ManagerFixture.StartAsync(
            time,
            o => o with { ClientTimeToLive = TimeSpan.FromSeconds(12) }
        );
        var options = new ManagerConnectionOptions
        {
            Name = "me@here",
            InstallId = "id",
            Namespace = "default",
            ManagerNamespace = "manager",
            TimeProvider = time,
        };
        // The manager's own review is every five seconds, too; now they are not at the same time.
        time.Advance(TimeSpan.FromSeconds(1));
        await using var connection = await ManagerConnection.OpenAsync(manager.ConnectAsync, options, default);
        // Five times the session's life: without Remain it would be over.
        for (var i = 0; i < 12; i++)
        {
            await time.TimerIsSetAsync(TimeSpan.FromSeconds(5));
            time.Advance(TimeSpan.FromSeconds(5));
        }
        await time.TimerIsSetAsync(TimeSpan.FromSeconds(5));
        Assert.NotNull(manager.Server.Sessions.GetClient(connection.Session.SessionId));
        Assert.False(connection.Lost.IsCompleted);
    }
}
