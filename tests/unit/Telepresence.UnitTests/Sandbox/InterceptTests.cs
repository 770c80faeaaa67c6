using System.Net;
using System.Net.Sockets;
using System.Text;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Sandbox;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Sandbox;

/// <summary>Intercepts from end to end, but for a client of ours: callers inside the sandbox, answers from the workstation.</summary>
public sealed class InterceptTests : IAsyncLifetime
{
    private SandboxCluster _sandbox = null!;

    public async Task InitializeAsync() => _sandbox = await SandboxCluster.StartAsync(new SandboxOptions());

    public async Task DisposeAsync() => await _sandbox.DisposeAsync();

    [Fact]
    public async Task Callers_of_a_service_are_answered_by_the_workstation_until_the_intercept_ends()
    {
        await using var me = await Workstation.StartAsync(_sandbox);
        await using var local = new LocalWeb("laptop");
        using var caller = _sandbox.CreateCaller();
        var before = await caller.GetStringAsync(new Uri("http://web/"));
        Assert.Contains(_sandbox.PageToken, before, StringComparison.Ordinal);

        var prepared = await me.PrepareAsync(me.Spec("web", "http", local.Port));
        Assert.Equal(
            ("", "web", "http", 80, 8080, "TCP", "web", "Deployment"),
            (
                prepared.Error,
                prepared.ServiceName,
                prepared.ServicePortName,
                prepared.ServicePort,
                prepared.ContainerPort,
                prepared.Protocol,
                prepared.ContainerName,
                prepared.WorkloadKind
            )
        );
        var intercept = await me.CreateAsync(me.Spec("web", "http", local.Port));
        Assert.Equal(InterceptDispositionType.Active, intercept.Disposition);
        Assert.Equal($"{me.Session.SessionId}:web", intercept.Id);
        Assert.Contains(IPAddress.Parse(intercept.PodIp), _sandbox.PodAddresses("web"));
        // Both pods of the workload.
        for (var request = 0; request < 4; request++)
            Assert.Equal($"laptop /{request}", await caller.GetStringAsync(new Uri($"http://web/{request}")));
        Assert.Equal("laptop /long", await caller.GetStringAsync(new Uri("http://web.demo.svc.cluster.local/long")));

        await me.RemoveAsync("web");
        await UntilAsync(async () =>
            (await caller.GetStringAsync(new Uri("http://web/"))).Contains(_sandbox.PageToken, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_second_user_is_refused_by_the_first_ones_name_and_served_when_the_first_has_gone()
    {
        await using var alice = await Workstation.StartAsync(_sandbox);
        await using var bob = await Workstation.StartAsync(_sandbox, "bob@desk");
        await using var local = new LocalWeb("bob");
        await alice.CreateAsync(alice.Spec("web", "80", 9));
        var refused = await bob.PrepareAsync(bob.Spec("web", "http", local.Port, "mine"));
        Assert.Contains("alice@laptop", refused.Error, StringComparison.Ordinal);
        Assert.Contains("\"web\"", refused.Error, StringComparison.Ordinal);
        Assert.Equal(1, refused.ErrorCategory);
        var e = await Assert.ThrowsAsync<RpcException>(() => bob.CreateAsync(bob.Spec("web", "http", local.Port)));
        Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode);
        Assert.Contains("alice@laptop", e.Status.Detail, StringComparison.Ordinal);

        await alice.Manager.Depart(alice.Session);
        Assert.Equal("", (await bob.PrepareAsync(bob.Spec("web", "http", local.Port))).Error);
        await bob.CreateAsync(bob.Spec("web", "http", local.Port));
        using var caller = _sandbox.CreateCaller();
        Assert.Equal("bob /", await caller.GetStringAsync(new Uri("http://web/")));
    }

    [Fact]
    public async Task Requests_go_by_their_headers_and_paths_also_on_one_connection()
    {
        await using var alice = await Workstation.StartAsync(_sandbox);
        await using var bob = await Workstation.StartAsync(_sandbox, "bob@desk");
        await using var byHeader = new LocalWeb("header");
        await using var byPath = new LocalWeb("path");
        var ofHeader = alice.Spec("web", "http", byHeader.Port);
        ofHeader.Mechanism = "http";
        ofHeader.HeaderFilters.Add("X-User", "alice");
        var ofPath = bob.Spec("web", "http", byPath.Port);
        ofPath.Mechanism = "http";
        ofPath.PathFilters.Add(":path-prefix:/api");
        Assert.Equal(InterceptDispositionType.Active, (await bob.CreateAsync(ofPath)).Disposition);
        Assert.Equal(InterceptDispositionType.Active, (await alice.CreateAsync(ofHeader)).Disposition);

        // One pod, one connection: what a pooled caller has.
        var pod = new IPEndPoint(_sandbox.PodAddresses("web")[0], 8080);
        using var socket = await _sandbox.DialerOf("caller").DialTcpAsync(pod, default);
        using var http = new HttpClient(
            new SocketsHttpHandler
            {
                MaxConnectionsPerServer = 1,
                ConnectCallback = (_, _) => new(new NetworkStream(socket)),
            }
        );
        Assert.Equal("path /api/x", await GetAsync(http, "/api/x"));
        Assert.Equal("header /", await GetAsync(http, "/", ("X-User", "alice")));
        // Headers come before paths.
        Assert.Equal("header /api/y", await GetAsync(http, "/api/y", ("x-user", "alice")));
        Assert.Contains(_sandbox.PageToken, await GetAsync(http, "/", ("X-User", "bob")), StringComparison.Ordinal);
        Assert.Equal("path /api/z?q=1", await GetAsync(http, "/api/z?q=1"));
        using var content = new StringContent("body");
        using var posted = await http.PostAsync(new Uri("http://web/api/post"), content);
        Assert.Equal("path /api/post body", await posted.Content.ReadAsStringAsync());

        var same = bob.Spec("web", "http", byPath.Port, "same");
        same.HeaderFilters.Add("x-user", "alice");
        Assert.Contains("alice@laptop", (await bob.PrepareAsync(same)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wiretap_gets_what_callers_send_and_they_get_the_applications_answer()
    {
        await using var me = await Workstation.StartAsync(_sandbox);
        await using var local = new LocalWeb("tap");
        var spec = me.Spec("web", "http", local.Port);
        spec.Wiretap = true;
        Assert.Equal(InterceptDispositionType.Active, (await me.CreateAsync(spec)).Disposition);
        using var caller = _sandbox.CreateCaller();
        for (var request = 0; request < 5; request++)
            Assert.Contains(
                _sandbox.PageToken,
                await caller.GetStringAsync(new Uri("http://web/")),
                StringComparison.Ordinal
            );
        await UntilAsync(() => Task.FromResult(local.Requests == 5));
    }

    [Fact]
    public async Task A_wiretap_that_does_not_read_holds_nobody_up()
    {
        await using var me = await Workstation.StartAsync(_sandbox);
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen();
        var spec = me.Spec("echo", "tcp-echo", ((IPEndPoint)deaf.LocalEndPoint!).Port);
        spec.ServiceName = "echo";
        spec.Wiretap = true;
        Assert.Equal(InterceptDispositionType.Active, (await me.CreateAsync(spec)).Disposition);
        using var socket = await _sandbox
            .DialerOf("caller")
            .DialTcpAsync(new IPEndPoint(_sandbox.ServiceAddress("echo"), 7), default);
        using var patience = new CancellationTokenSource(ManagerFixture.Patience);
        await using var stream = new NetworkStream(socket);
        var sent = new byte[64 * 1024];
        var received = new byte[sent.Length];
        // More than 256 chunks and all socket buffers on the way.
        for (var chunk = 0; chunk < 1024; chunk++)
        {
            sent.AsSpan().Fill((byte)chunk);
            var writing = stream.WriteAsync(sent, patience.Token);
            await stream.ReadExactlyAsync(received, patience.Token);
            await writing;
            Assert.True(received.AsSpan().SequenceEqual(sent));
        }
    }

    [Fact]
    public async Task Datagrams_are_intercepted_too()
    {
        await using var me = await Workstation.StartAsync(_sandbox);
        using var local = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        local.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var intercept = await me.CreateAsync(
            me.Spec("echo", "udp-echo", ((IPEndPoint)local.LocalEndPoint!).Port, "udp")
        );
        Assert.Equal(("UDP", InterceptDispositionType.Active), (intercept.Spec.Protocol, intercept.Disposition));
        using var socket = await _sandbox
            .DialerOf("caller")
            .DialUdpAsync(new IPEndPoint(_sandbox.ServiceAddress("echo"), 7), default);
        using var patience = new CancellationTokenSource(ManagerFixture.Patience);
        var buffer = new byte[1500];
        for (var datagram = 0; datagram < 3; datagram++)
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes($"ask {datagram}"), patience.Token);
            var asked = await local.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), patience.Token);
            Assert.Equal($"ask {datagram}", Encoding.ASCII.GetString(buffer, 0, asked.ReceivedBytes));
            await local.SendToAsync("answer"u8.ToArray(), asked.RemoteEndPoint, patience.Token);
            var answered = await socket.ReceiveAsync(buffer, patience.Token);
            Assert.Equal("answer", Encoding.ASCII.GetString(buffer, 0, answered));
        }
    }

    [Fact]
    public async Task Further_ports_are_served_and_not_listed()
    {
        await using var me = await Workstation.StartAsync(_sandbox);
        await using var first = new LocalWeb("first");
        await using var second = new LocalWeb("second");
        var spec = me.Spec("whoami", "http", first.Port);
        spec.PodPorts.Add($"whoami:{second.Port}/TCP");
        var prepared = await me.PrepareAsync(spec);
        Assert.Equal([$"5000:{second.Port}/TCP"], prepared.PodPorts);
        Assert.Equal(InterceptDispositionType.Active, (await me.CreateAsync(spec)).Disposition);
        using var watch = me.Manager.WatchIntercepts(me.Session);
        await using var snapshots = watch.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await snapshots.MoveNextAsync());
        Assert.Equal("whoami", Assert.Single(snapshots.Current.Intercepts).Spec.Name);
        using var caller = _sandbox.CreateCaller();
        Assert.Equal("first /", await caller.GetStringAsync(new Uri("http://whoami/")));
        Assert.Equal("second /", await caller.GetStringAsync(new Uri("http://whoami:5000/")));
    }

    [Fact]
    public async Task A_replaced_worker_works_no_more_and_goes_on_when_the_replacement_ends()
    {
        await using var me = await Workstation.StartAsync(_sandbox);
        Assert.Equal("worker one", await JobAsync("one"));
        var spec = me.Spec("worker", "all", 0, "worker/worker");
        spec.ContainerName = "worker";
        spec.Replace = true;
        spec.NoDefaultPort = true;
        var prepared = await me.PrepareAsync(spec);
        Assert.Equal(("", 0), (prepared.Error, prepared.ContainerPort));
        var intercept = await me.CreateAsync(spec);
        Assert.Equal(InterceptDispositionType.Active, intercept.Disposition);
        Assert.Contains("QUEUE", intercept.Environment.Keys);
        // Nobody is there to take it but the replacement.
        Assert.Equal("OK", await AskAsync("PUSH two"));
        Assert.Equal("two", await AskAsync("POP"));
        await me.RemoveAsync("worker/worker");
        Assert.Equal("worker three", await JobAsync("three"));
    }

    [Fact]
    public async Task An_engaged_container_has_its_environment_and_volumes()
    {
        await using var me = await Workstation.StartAsync(_sandbox);
        var agents = await me.Manager.EnsureAgent(new EnsureAgentRequest { Session = me.Session, Name = "orders" });
        var agent = Assert.Single(agents.Agents);
        var container = Assert.Single(agent.Containers).Value;
        Assert.Equal("good day", container.Environment["ORDERS_GREETING"]);
        Assert.Contains(
            _sandbox.ServiceAddress("echo").ToString(),
            container.Environment["DATABASE_URL"],
            StringComparison.Ordinal
        );
        Assert.Equal("orders", container.Environment["TELEPRESENCE_CONTAINER"]);
        Assert.Equal("/data:/etc/orders:/var/run/secrets/orders", container.Environment["TELEPRESENCE_MOUNTS"]);
        Assert.Equal("/tmp", container.Environment["TELEPRESENCE_LOCAL_MOUNTS"]);
        Assert.DoesNotContain("HOME", container.Environment.Keys);
        Assert.Equal((1, 0), (container.Mounts["/etc/orders"], container.Mounts["/data"]));
    }

    [Fact]
    public async Task Another_manager_gets_a_clients_intercepts_back()
    {
        await using var me = await Workstation.StartAsync(_sandbox);
        await using var local = new LocalWeb("laptop");
        var intercept = await me.CreateAsync(me.Spec("web", "http", local.Port));
        // As after a restart: the manager knows neither the session nor the intercept.
        await me.Manager.Depart(me.Session);
        var request = new ReconnectClientRequest
        {
            Session = me.Session,
            Client = new ClientInfo
            {
                Name = me.Name,
                InstallId = me.Name,
                Product = "telepresence",
                Version = "v2.25.0",
                Namespace = SandboxCluster.DemoNamespace,
            },
        };
        request.Intercepts.Add(intercept);
        await me.Manager.ReconnectClient(request);
        var restored = await me.UntilAsync("web", i => i.Disposition == InterceptDispositionType.Active);
        Assert.Equal(intercept.Id, restored.Id);
        Assert.Equal(
            intercept.Spec.TargetPort,
            (await me.Manager.GetIntercept(new GetInterceptRequest { Session = me.Session, Name = "web" }))
                .Spec
                .TargetPort
        );
    }

    private static async Task<string> GetAsync(
        HttpClient http,
        string path,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("http://web" + path));
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var response = await http.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }

    private async Task<string> JobAsync(string job)
    {
        Assert.Equal("OK", await AskAsync($"PUSH {job}"));
        return await AskAsync("WAIT");
    }

    private async Task<string> AskAsync(string line)
    {
        using var patience = new CancellationTokenSource(ManagerFixture.Patience);
        using var socket = await _sandbox
            .DialerOf("caller")
            .DialTcpAsync(new IPEndPoint(_sandbox.ServiceAddress("queue"), 5672), patience.Token);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\n"), patience.Token);
        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync(patience.Token) ?? "";
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(ManagerFixture.Patience);
        while (!await condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
