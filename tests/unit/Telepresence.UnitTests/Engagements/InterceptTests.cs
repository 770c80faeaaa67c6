using System.Net;
using System.Net.Sockets;
using System.Text;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.UnitTests.Engagements;

public sealed class InterceptTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = EngagementFixture.Patience;

    private EngagementFixture _fixture = null!;

    private InterceptingManager Manager => _fixture.Manager;

    public async Task InitializeAsync() => _fixture = await EngagementFixture.StartAsync();

    public async Task DisposeAsync() => await _fixture.DisposeAsync();

    [Fact]
    public async Task A_connection_at_the_agent_is_answered_by_the_local_server_in_both_directions()
    {
        using var server = Listen();
        var port = PortOf(server);
        var engagement = await _fixture.NewActiveAsync(Intercept($"{port}:http"));
        Assert.Equal(
            ("web", EngagementKind.Intercept, EngagementState.Active, $"{port}:8080/TCP", "127.0.0.1"),
            (engagement.Name, engagement.Kind, engagement.State, Assert.Single(engagement.Ports), engagement.Address)
        );

        var tunnel = await _fixture.IncomingAsync(port);
        using var accepted = await server.AcceptAsync().WaitAsync(Patience);
        Assert.Equal("session-1", tunnel.Info.SessionId);
        Assert.Equal(
            (TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(3)),
            (tunnel.Info.RoundtripLatency, tunnel.Info.DialTimeout)
        );
        Assert.Equal(TunnelMessageCode.DialOk, (await tunnel.ReceiveAsync())!.Code);
        await tunnel.SendAsync(TunnelMessageCode.Data, "GET /"u8.ToArray());
        Assert.Equal("GET /", await ReceiveAsync(accepted));
        await accepted.SendAsync("200"u8.ToArray());
        Assert.Equal("200", Encoding.ASCII.GetString((await tunnel.ReceiveAsync())!.Body));

        // The caller has sent all; the answer may still come.
        await tunnel.SendAsync(TunnelMessageCode.CloseSend, []);
        Assert.Equal("", await ReceiveAsync(accepted));
        await accepted.SendAsync("late"u8.ToArray());
        accepted.Shutdown(SocketShutdown.Send);
        Assert.Equal("late", Encoding.ASCII.GetString((await tunnel.ReceiveAsync())!.Body));
        Assert.Null(await tunnel.ReceiveAsync());
        tunnel.End();
        Assert.Equal(1, Assert.Single(_fixture.Set.Views()).Connections);
    }

    [Fact]
    public async Task Datagrams_at_the_agent_are_answered_by_the_local_server()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = PortOf(server);
        Manager.OnPrepare = spec => new PreparedIntercept
        {
            Protocol = "UDP",
            ContainerPort = 53,
            ContainerName = "app",
        };
        var engagement = await _fixture.NewActiveAsync(Intercept($"{port}:53/UDP"));
        Assert.Equal([$"{port}:53/UDP"], engagement.Ports);
        Assert.Equal("53/UDP", Assert.Single(Manager.Created).PortIdentifier);

        var tunnel = await _fixture.IncomingAsync(port, ProtocolType.Udp);
        Assert.Equal(TunnelMessageCode.DialOk, (await tunnel.ReceiveAsync())!.Code);
        var buffer = new byte[2000];
        foreach (var question in (string[])["one", "two"])
        {
            await tunnel.SendAsync(TunnelMessageCode.Data, Encoding.ASCII.GetBytes(question));
            var received = await server.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(Patience);
            Assert.Equal(question, Encoding.ASCII.GetString(buffer, 0, received.ReceivedBytes));
            await server.SendToAsync(Encoding.ASCII.GetBytes(question + "!"), received.RemoteEndPoint);
            Assert.Equal(question + "!", Encoding.ASCII.GetString((await tunnel.ReceiveAsync())!.Body));
        }
        tunnel.End();
    }

    [Fact]
    public async Task Nothing_but_an_engagements_own_target_is_dialled()
    {
        using var server = Listen();
        using var other = Listen();
        await _fixture.NewActiveAsync(Intercept($"{PortOf(server)}:http"));

        var foreign = await _fixture.IncomingAsync(PortOf(other));
        Assert.Equal(TunnelMessageCode.DialReject, (await foreign.ReceiveAsync())!.Code);
        foreign.End();
        var otherProtocol = await _fixture.IncomingAsync(PortOf(server), ProtocolType.Udp);
        Assert.Equal(TunnelMessageCode.DialReject, (await otherProtocol.ReceiveAsync())!.Code);
        otherProtocol.End();
        Assert.False(other.Poll(0, SelectMode.SelectRead));
    }

    [Fact]
    public async Task A_local_server_that_is_not_there_is_told_to_the_caller()
    {
        var listening = Listen();
        var port = PortOf(listening);
        listening.Dispose();
        await _fixture.NewActiveAsync(Intercept($"{port}:http"));
        var tunnel = await _fixture.IncomingAsync(port);
        var rejection = (await tunnel.ReceiveAsync())!;
        Assert.Equal(TunnelMessageCode.DialReject, rejection.Code);
        Assert.Equal([DialErrno.ConnectionRefused], rejection.Body);
        Assert.Null(await tunnel.ReceiveAsync());
        tunnel.End();
    }

    [Fact]
    public async Task What_was_asked_for_reaches_the_manager()
    {
        await _fixture.NewActiveAsync(
            new EngagementRequest
            {
                Workload = "web",
                Name = "mine",
                Service = "web-api",
                Container = "app",
                Ports = ["8081:http", "9090:metrics", "9091:53/TCP"],
                Address = "127.0.0.2",
                HttpHeaders = new Dictionary<string, string> { ["X-User"] = "me" },
                HttpPaths = ["/a", "prefix:/b"],
                Metadata = new Dictionary<string, string> { ["ticket"] = "7" },
                Plaintext = true,
                Mounts = false,
            }
        );
        var spec = Assert.Single(Manager.Created);
        Assert.Equal(
            ("mine", "me@here", "web", "http", "default"),
            (spec.Name, spec.Client, spec.Agent, spec.Mechanism, spec.Namespace)
        );
        Assert.Equal(("http", "127.0.0.2", 8081), (spec.PortIdentifier, spec.TargetHost, spec.TargetPort));
        Assert.Equal(["metrics:9090", "53:9091/TCP"], spec.PodPorts);
        Assert.Equal("me", spec.HeaderFilters["X-User"]);
        Assert.Equal([":path-equal:/a", ":path-prefix:/b"], spec.PathFilters);
        Assert.Equal("7", spec.Metadata["ticket"]);
        Assert.True(spec.Plaintext);
        Assert.False(spec.Replace || spec.Wiretap || spec.NoDefaultPort);
        Assert.Equal((4_000_000_000, 3_000_000_000), (spec.RoundtripLatency, spec.DialTimeout));
        Assert.Equal(["8081:8080/TCP", "9090:metrics/TCP", "9091:53/TCP"], Assert.Single(_fixture.Set.Views()).Ports);
    }

    [Fact]
    public async Task A_replacement_takes_every_port_of_its_container_at_its_own_number()
    {
        Manager.OnPrepare = _ => new PreparedIntercept
        {
            ContainerName = "worker",
            ContainerPort = 8080,
            Protocol = "TCP",
            PodPorts = { "9090:9090/TCP", "5353:5353/UDP" },
        };
        var engagement = await _fixture.NewActiveAsync(
            Intercept() with
            {
                Kind = EngagementKind.Replacement,
                Container = "worker",
            }
        );
        var spec = Assert.Single(Manager.Created);
        Assert.Equal(("web/worker", "all"), (spec.Name, spec.PortIdentifier));
        Assert.True(spec.Replace && spec.NoDefaultPort);
        Assert.Equal(["8080:8080/TCP", "9090:9090/TCP", "5353:5353/UDP"], engagement.Ports);
    }

    [Fact]
    public async Task A_wiretap_says_so_and_its_volumes_cannot_be_written()
    {
        var engagement = await _fixture.NewActiveAsync(Intercept() with { Kind = EngagementKind.Wiretap });
        Assert.True(Assert.Single(Manager.Created).Wiretap);
        Assert.Equal("web-wiretap", engagement.Name);
        Assert.Equal(["8080:8080/TCP"], engagement.Ports);
    }

    [Theory]
    [InlineData(
        "conflict with intercept 1:web on port 80 created by client \"alice@laptop\": both take every request",
        ErrorId.EngagementConflict,
        "alice@laptop"
    )]
    [InlineData("deployments.apps \"web\" not found", ErrorId.WorkloadNotFound, "web")]
    [InlineData("workload \"web.default\" not found", ErrorId.WorkloadNotFound, "web")]
    [InlineData("no port \"x\" found in workload web", ErrorId.EngagementRefused, "no port")]
    [InlineData("Service \"web-2\" not found", ErrorId.EngagementRefused, "web-2")]
    public async Task What_the_manager_does_not_accept_is_a_typed_error(string said, ErrorId id, string names)
    {
        Manager.OnPrepare = _ => new PreparedIntercept { Error = said, ErrorCategory = 1 };
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => _fixture.NewAsync(Intercept()));
        Assert.Equal(id.ToString(), error.Id);
        Assert.Contains(names, error.Message, StringComparison.Ordinal);
        Assert.Empty(Manager.Created);
        Assert.Empty(_fixture.Set.Views());
    }

    [Theory]
    [InlineData("Conflicts with the currently-served intercept \"1:web\"", ErrorId.EngagementConflict)]
    [InlineData("No match for container \"x\"", ErrorId.EngagementNotActive)]
    public async Task What_the_agent_does_not_accept_is_a_typed_error_and_is_removed(string said, ErrorId id)
    {
        Manager.OnCreate = info =>
        {
            info.Disposition = InterceptDispositionType.AgentError;
            info.Message = said;
            Manager.Tell(info);
        };
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => _fixture.NewAsync(Intercept()));
        Assert.Equal(id.ToString(), error.Id);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Equal(["web"], Manager.Removed);
    }

    [Fact]
    public async Task An_agent_that_says_nothing_is_given_up_and_the_intercept_is_removed()
    {
        await using var fixture = await EngagementFixture.StartAsync(activeTimeout: TimeSpan.FromMilliseconds(300));
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => fixture.NewAsync(Intercept()));
        Assert.Equal(nameof(ErrorId.EngagementNotActive), error.Id);
        Assert.Contains("Waiting for Agent approval", error.Message, StringComparison.Ordinal);
        Assert.Equal(["web"], fixture.Manager.Removed);
        Assert.Empty(fixture.Set.Views());
    }

    [Fact]
    public async Task Giving_up_removes_what_was_made()
    {
        using var cancelled = new CancellationTokenSource();
        Manager.OnCreate = _ => cancelled.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _fixture.NewAsync(Intercept(), cancelled.Token));
        Assert.Equal(["web"], Manager.Removed);
        Assert.Empty(_fixture.Set.Views());
    }

    [Fact]
    public async Task Names_and_local_targets_are_each_one_engagements()
    {
        await _fixture.NewActiveAsync(Intercept("8080:http"));
        var same = await Assert.ThrowsAsync<TelepresenceException>(() => _fixture.NewAsync(Intercept("8081:http")));
        Assert.Equal(nameof(ErrorId.EngagementExists), same.Id);
        var taken = await Assert.ThrowsAsync<TelepresenceException>(() =>
            _fixture.NewAsync(Intercept() with { Name = "other" })
        );
        Assert.Equal(nameof(ErrorId.LocalTargetInUse), taken.Id);
        Assert.Contains("127.0.0.1:8080/TCP", taken.Message, StringComparison.Ordinal);
        await _fixture.NewActiveAsync(Intercept("8081:http") with { Name = "other" });
        Assert.Equal(2, Manager.Created.Count);
    }

    [Fact]
    public async Task Removing_ends_it_there_and_here_with_its_connections()
    {
        using var server = Listen();
        var port = PortOf(server);
        await _fixture.NewActiveAsync(Intercept($"{port}:http"));
        var tunnel = await _fixture.IncomingAsync(port);
        using var accepted = await server.AcceptAsync().WaitAsync(Patience);

        await _fixture.Set.RemoveAsync("WEB").WaitAsync(Patience);
        Assert.Equal(["web"], Manager.Removed);
        Assert.Equal("reset", await EndOfAsync(accepted));
        tunnel.End();
        Assert.Empty(_fixture.Set.Views());
        var after = await _fixture.IncomingAsync(port);
        Assert.Equal(TunnelMessageCode.DialReject, (await after.ReceiveAsync())!.Code);
        after.End();
        var missing = await Assert.ThrowsAsync<TelepresenceException>(() => _fixture.Set.RemoveAsync("web"));
        Assert.Equal(nameof(ErrorId.EngagementNotFound), missing.Id);
    }

    [Theory]
    [InlineData("v2.24.1", EngagementKind.Intercept, true)]
    [InlineData("v2.22.6", EngagementKind.Wiretap, false)]
    public async Task A_manager_that_would_do_more_than_was_asked_for_is_not_asked(
        string version,
        EngagementKind kind,
        bool filters
    )
    {
        Manager.Version = version;
        await _fixture.ConnectAsync();
        var request = Intercept() with { Kind = kind };
        if (filters)
            request.HttpHeaders = new Dictionary<string, string> { ["a"] = "b" };
        var error = await Assert.ThrowsAsync<TelepresenceException>(() => _fixture.NewAsync(request));
        Assert.Equal(nameof(ErrorId.EngagementUnsupported), error.Id);
        Assert.Empty(Manager.Created);
    }

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("no.such.host.invalid")]
    public async Task An_address_that_nobody_can_connect_to_is_refused(string address)
    {
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            _fixture.NewAsync(Intercept() with { Address = address })
        );
        Assert.Equal(nameof(ErrorId.LocalAddressInvalid), error.Id);
    }

    private static EngagementRequest Intercept(params string[] ports) =>
        new()
        {
            Workload = "web",
            Ports = ports,
            Mounts = false,
        };

    private static Socket Listen()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }

    private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[1000];
        return Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer).WaitAsync(Patience));
    }

    private static async Task<string> EndOfAsync(Socket socket)
    {
        try
        {
            return await ReceiveAsync(socket);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return "reset";
        }
    }
}
