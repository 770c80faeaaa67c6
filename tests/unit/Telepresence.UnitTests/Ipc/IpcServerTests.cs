using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;
using Telepresence.Client.Launch;
using Telepresence.Engine.Host;
using Telepresence.Engine.Ipc;

namespace Telepresence.UnitTests.Ipc;

public sealed class IpcServerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-ipc-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static CancellationToken Deadline => new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;

    private static EngineLifetime Lifetime(bool connectionsHold = false) =>
        new(TimeSpan.FromDays(1), connectionsHold, TimeProvider.System);

    private static IpcServer Server(EngineLifetime lifetime, bool isOwner = true)
    {
        var peers = Substitute.For<IPeerIdentity>();
        peers
            .IsOwner(Arg.Any<Socket>(), out Arg.Any<string>())
            .Returns(call =>
            {
                call[1] = "somebody";
                return isOwner;
            });
        return new IpcServer(lifetime, peers, NullLogger<IpcServer>.Instance);
    }

    private async Task<JsonRpcConnection> ConnectAsync(JsonRpcMethods? methods = null)
    {
        var stream = await new EngineEndpoint(_folder, EngineRole.User).TryConnectAsync(Deadline);
        JsonRpcConnection connection = new(stream!, methods);
        connection.Start();
        return connection;
    }

    private string Socket => new EngineEndpoint(_folder, EngineRole.User).SocketPath;

    [SkippableFact]
    public async Task Answers_over_the_socket_which_is_the_owners_alone()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Unix domain socket with permissions");
        using var lifetime = Lifetime();
        await using var server = Server(lifetime);
        server.Register<SessionParameters, int>("x", (_, _, _) => Task.FromResult(5));
        // What a killed engine left behind is replaced.
        await File.WriteAllTextAsync(Socket, "stale");
        server.Listen(Socket);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Socket));
        }
        await using var client = await ConnectAsync();
        Assert.Equal(5, await client.InvokeAsync<SessionParameters, int>("x", new SessionParameters(), Deadline));
    }

    [Fact]
    public async Task A_peer_that_is_not_the_owner_is_disconnected_unheard()
    {
        using var lifetime = Lifetime();
        await using var server = Server(lifetime, isOwner: false);
        server.Register<SessionParameters, int>("x", (_, _, _) => Task.FromResult(5));
        server.Listen(Socket);
        await using var client = await ConnectAsync();
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            client.InvokeAsync<SessionParameters, int>("x", new SessionParameters(), Deadline)
        );
        Assert.True(error.Is(ErrorId.EngineUnavailable));
        Assert.Equal(1, server.RefusedPeers);
    }

    [SkippableFact]
    public async Task The_kernel_tells_our_own_uid()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "SO_PEERCRED");
        using var lifetime = Lifetime();
        await using IpcServer server = new(lifetime, PeerIdentity.Create(), NullLogger<IpcServer>.Instance);
        server.Register<SessionParameters, int>("x", (_, _, _) => Task.FromResult(5));
        server.Listen(Socket);
        await using var client = await ConnectAsync();
        Assert.Equal(5, await client.InvokeAsync<SessionParameters, int>("x", new SessionParameters(), Deadline));
    }

    [Fact]
    public async Task Broadcasts_reach_every_client()
    {
        using var lifetime = Lifetime();
        await using var server = Server(lifetime);
        server.Register<SessionParameters, int>("x", (_, _, _) => Task.FromResult(5));
        server.Listen(Socket);
        List<JsonRpcConnection> clients = [];
        List<Task<string?>> heard = [];
        for (var i = 0; i < 3; i++)
        {
            TaskCompletionSource<string?> got = new();
            JsonRpcMethods methods = new();
            methods.OnNotification<SessionParameters>(
                "changed",
                (parameters, _) => got.TrySetResult(parameters.Session)
            );
            var client = await ConnectAsync(methods);
            await client.InvokeAsync<SessionParameters, int>("x", new SessionParameters(), Deadline);
            clients.Add(client);
            heard.Add(got.Task);
        }
        server.Broadcast("changed", new SessionParameters("s"));
        foreach (var task in heard)
        {
            Assert.Equal("s", await task.WaitAsync(Deadline));
        }
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }
}
