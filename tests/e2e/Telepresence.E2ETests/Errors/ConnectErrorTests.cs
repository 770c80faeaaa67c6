using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Sandbox;

namespace Telepresence.E2ETests.Errors;

/// <summary>What stands in the way of a connect is told as it is, in time, and the machine stays as it was.</summary>
public sealed class ConnectErrorTests(ErrorsFixture fixture) : IClassFixture<ErrorsFixture>
{
    private static readonly SandboxOptions Working = new();

    [SkippableFact]
    public async Task No_kubeconfig()
    {
        ErrorsFixture.Require();
        var missing = Path.Combine(fixture.Folder, "no", "kubeconfig");
        await fixture.FailsAsync(
            ErrorId.KubeconfigNotFound,
            missing,
            new ConnectParameters
            {
                Cluster = new ClusterSelection { Kubeconfig = missing },
                TimeoutSeconds = 30,
            }
        );
    }

    [SkippableFact]
    public async Task An_unknown_context()
    {
        ErrorsFixture.Require();
        var connect = (await fixture.SandboxAsync(Working)).Connect();
        connect.Cluster.Context = "nosuch";
        await fixture.FailsAsync(ErrorId.ContextNotFound, "'nosuch'", connect);
    }

    [SkippableFact]
    public async Task An_API_server_that_refuses_is_told_at_once()
    {
        ErrorsFixture.Require();
        var connect = (await fixture.SandboxAsync(Working)).Connect(timeoutSeconds: 30);
        connect.Cluster.Server = fixture.ClosedServer();
        await fixture.FailsAsync(ErrorId.ClusterUnreachable, connect.Cluster.Server, connect);
    }

    [SkippableFact]
    public async Task An_API_server_that_says_nothing()
    {
        ErrorsFixture.Require();
        var connect = (await fixture.SandboxAsync(Working)).Connect(timeoutSeconds: 3);
        connect.Cluster.Server = $"https://{fixture.Listener().LocalEndPoint}";
        await fixture.FailsAsync(ErrorId.Timeout, connect.Cluster.Server, connect);
    }

    [SkippableFact]
    public async Task An_API_server_behind_a_black_hole()
    {
        ErrorsFixture.Require();
        var connect = (await fixture.SandboxAsync(Working)).Connect(timeoutSeconds: 3);
        connect.Cluster.Server = "https://192.0.2.99:6443";
        await fixture.FailsAsync(ErrorId.Timeout, connect.Cluster.Server, connect);
    }

    [SkippableFact]
    public async Task An_API_server_whose_name_does_not_resolve()
    {
        ErrorsFixture.Require();
        var connect = (await fixture.SandboxAsync(Working)).Connect(timeoutSeconds: 30);
        connect.Cluster.Server = "https://api.cluster.invalid:6443";
        await fixture.FailsAsync(ErrorId.ClusterUnreachable, connect.Cluster.Server, connect);
    }

    [SkippableFact]
    public async Task An_expired_certificate()
    {
        ErrorsFixture.Require();
        var sandbox = await fixture.SandboxAsync(Working with { ApiServerFault = ApiServerFault.ExpiredCertificate });
        await fixture.FailsAsync(ErrorId.CertificateExpired, sandbox.Server, sandbox.Connect());
    }

    [SkippableFact]
    public async Task A_certificate_of_another_authority()
    {
        ErrorsFixture.Require();
        var sandbox = await fixture.SandboxAsync(Working);
        var connect = (
            await fixture.SandboxAsync(Working with { Credential = SandboxCredential.ClientCertificate })
        ).Connect();
        connect.Cluster.Server = sandbox.Server;
        await fixture.FailsAsync(ErrorId.CertificateUntrusted, sandbox.Server, connect);
    }

    [SkippableFact]
    public async Task Credentials_that_are_not_accepted()
    {
        ErrorsFixture.Require();
        var sandbox = await fixture.SandboxAsync(Working);
        var connect = sandbox.Connect();
        connect.Cluster.Token = "wrong";
        await fixture.FailsAsync(ErrorId.Unauthorized, sandbox.Server, connect);
    }

    [SkippableFact]
    public async Task A_port_forward_that_is_forbidden()
    {
        ErrorsFixture.Require();
        var sandbox = await fixture.SandboxAsync(Working with { PortForward = PortForwardAccess.Forbidden });
        var error = await fixture.FailsAsync(ErrorId.PortForwardForbidden, "'ambassador'", sandbox.Connect());
        Assert.Contains("pods/portforward", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Links_to_traffic_agents_that_are_forbidden()
    {
        ErrorsFixture.Require();
        var sandbox = await fixture.SandboxAsync(Working with { PortForward = PortForwardAccess.ExceptMesh });
        var connect = sandbox.Connect() with
        {
            Namespace = SandboxCluster.MeshNamespace,
            Subnets = new SubnetSelection { ProxyVia = ["service=echo-a"] },
        };
        var error = await fixture.FailsAsync(ErrorId.AgentLinksUnavailable, "'mesh'", connect);
        Assert.Contains("pods/portforward", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task No_traffic_manager()
    {
        ErrorsFixture.Require();
        var sandbox = await fixture.SandboxAsync(Working with { Manager = SandboxManager.None });
        await fixture.FailsAsync(ErrorId.ManagerNotFound, "'ambassador'", sandbox.Connect());
    }

    [SkippableFact]
    public async Task A_manager_of_another_protocol()
    {
        ErrorsFixture.Require();
        var sandbox = await fixture.SandboxAsync(Working with { Manager = SandboxManager.PlainHttp });
        await fixture.FailsAsync(ErrorId.ManagerProtocolMismatch, "HTTP/1.1", sandbox.Connect(timeoutSeconds: 12));
    }

    [SkippableFact]
    public async Task A_manager_that_is_too_old()
    {
        ErrorsFixture.Require();
        var sandbox = await fixture.SandboxAsync(Working with { ManagerVersion = "v2.19.6" });
        await fixture.FailsAsync(ErrorId.ManagerProtocolMismatch, "v2.19.6", sandbox.Connect());
    }

    [SkippableFact]
    public async Task No_TUN_device()
    {
        ErrorsFixture.Require("mount");
        var sandbox = await fixture.SandboxAsync(Working);
        await using var engine = await EngineInside.StartAsync(fixture, "mount -t tmpfs none /dev/net");
        await fixture.FailsAsync(ErrorId.TunUnavailable, "/dev/net/tun", sandbox.Connect(), engine);
    }

    [SkippableTheory]
    [InlineData("10.0.0.0/33", nameof(ErrorId.InvalidCidr))]
    [InlineData("10.0.0/8", nameof(ErrorId.InvalidCidr))]
    [InlineData("everything", nameof(ErrorId.UnknownSymbol))]
    public async Task A_Vnat_that_is_no_subnet(string vnat, string id)
    {
        ErrorsFixture.Require();
        var connect = (await fixture.SandboxAsync(Working)).Connect(new SubnetSelection { Vnat = [vnat] });
        await fixture.FailsAsync(Enum.Parse<ErrorId>(id), $"'{vnat}'", connect);
    }

    [SkippableFact]
    public async Task A_malformed_subnet_to_proxy()
    {
        ErrorsFixture.Require();
        var connect = (await fixture.SandboxAsync(Working)).Connect(
            new SubnetSelection { AlsoProxy = ["ten.0.0.0/8"] }
        );
        await fixture.FailsAsync(ErrorId.InvalidCidr, "'ten.0.0.0/8'", connect);
    }

    [SkippableFact]
    public async Task Translations_that_overlap()
    {
        ErrorsFixture.Require();
        var connect = (await fixture.SandboxAsync(Working)).Connect(
            new SubnetSelection { Vnat = ["10.96.0.0/16", "10.96.7.0/24"] }
        );
        var error = await fixture.FailsAsync(ErrorId.OverlappingTranslation, "10.96.0.0/16", connect);
        Assert.Contains("10.96.7.0/24", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_virtual_subnet_over_a_route()
    {
        ErrorsFixture.Require();
        var connect = (await fixture.SandboxAsync(Working)).Connect(
            new SubnetSelection { Vnat = ["all"], VirtualSubnet = "192.0.2.128/25" }
        );
        await fixture.FailsAsync(ErrorId.VirtualSubnetOverlaps, "192.0.2.128/25 overlaps 192.0.2.0/24", connect);
    }

    [SkippableFact]
    public async Task A_virtual_subnet_without_room()
    {
        ErrorsFixture.Require();
        var connect = (await fixture.SandboxAsync(Working)).Connect(
            new SubnetSelection { Vnat = ["all"], VirtualSubnet = "198.18.0.1/32" }
        );
        await fixture.FailsAsync(ErrorId.VirtualSubnetTooSmall, "198.18.0.1/32", connect);
    }

    [SkippableFact]
    public async Task A_conflict_that_is_not_to_be_resolved()
    {
        ErrorsFixture.Require();
        var sandbox = await fixture.SandboxAsync(
            Working with
            {
                ServiceSubnets = [System.Net.IPNetwork.Parse("10.65.0.0/16")],
            }
        );
        await fixture.FailsAsync(
            ErrorId.SubnetConflict,
            "subnet 10.65.0.0/16 overlaps with existing route \"10.64.0.0/12 via 192.0.2.2 dev lan0, gw 192.0.2.1\"",
            sandbox.Connect(new SubnetSelection { AutoResolveConflicts = false })
        );
    }

    [SkippableTheory]
    [InlineData(ConnectStage.FindManager)]
    [InlineData(ConnectStage.Manager)]
    [InlineData(ConnectStage.Interface)]
    [InlineData(ConnectStage.Routes)]
    [InlineData(ConnectStage.Dns)]
    public async Task A_connect_that_is_given_up_half_way_leaves_nothing(ConnectStage stage)
    {
        ErrorsFixture.Require();
        var sandbox = await fixture.SandboxAsync(Working);
        await using var engine = await EngineInside.StartAsync(fixture);
        var before = fixture.State();
        using var interrupt = new CancellationTokenSource();
        // A connect that was faster than its cancellation is ended as a session: it must leave no more than the others.
        var connecting = engine.Client.ConnectAsync(
            sandbox.Connect(new SubnetSelection { Vnat = ["all"] }),
            progress =>
            {
                if (progress.Stage == stage)
                    interrupt.Cancel();
            },
            interrupt.Token
        );
        var outcome = await Record.ExceptionAsync(() => connecting.WaitAsync(ErrorsFixture.Patience));
        Assert.True(
            outcome is null or OperationCanceledException
                || outcome is TelepresenceException e && e.Is(ErrorId.Cancelled),
            $"{outcome}"
        );
        // Waits for its turn, so that what was given up has been undone by then.
        await engine.Client.DisconnectAsync(null!, new CancellationTokenSource(ErrorsFixture.Patience).Token);
        Assert.Empty(await engine.Client.ListSessionsAsync(default));
        Assert.Equal(before, fixture.State());
    }
}
