using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Session;
using Telepresence.Engine.Session.Configuration;
using Telepresence.UnitTests.Manager;
using Telepresence.UnitTests.TrafficManager;

namespace Telepresence.UnitTests.Session;

public class ClusterLinkTests
{
    private static readonly ManagerConnectionOptions Options = new()
    {
        Name = "me@here",
        InstallId = "id",
        Namespace = "default",
        ManagerNamespace = "manager",
    };

    private static readonly AgentOptions Web = new() { Namespace = "default", Workloads = ["web"] };

    [Fact]
    public async Task A_workload_without_an_agent_refuses_at_once()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var link = new ClusterLink(new ManagerAccess(manager), Options, NullLoggerFactory.Instance);
        await link.ConnectAsync(null, default);
        var tcp = new FakeTcpFlow();
        await link.CarryAsync(tcp, IPEndPoint.Parse("10.96.0.9:80"), "web", default);
        Assert.Equal("refuse", await tcp.Answer);
        var udp = new FakeUdpFlow();
        await link.CarryAsync(udp, IPEndPoint.Parse("10.96.0.9:80"), "web", default);
        Assert.True(udp.WasUnreachable);
        Assert.Equal(2, link.Counters.Refused);
    }

    [Fact]
    public async Task A_way_that_leads_to_the_manager_alone_has_no_agents()
    {
        await using var manager = await ManagerFixture.StartAsync();
        await using var link = new ClusterLink(new ManagerAccess(manager), Options, NullLoggerFactory.Instance);
        await link.ConnectAsync(null, default);
        var steps = new List<ConnectStep>();
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            link.EnsureAgentsAsync(Web, new Relay<ConnectStep>(steps.Add), default)
        );
        Assert.True(error.Is(ErrorId.AgentLinksUnavailable), error.Message);
        Assert.Contains("-Vnat", error.Message, StringComparison.Ordinal);
        Assert.Equal([new ConnectStep(ConnectStage.Agents, "waiting for a traffic-agent in web")], steps);
    }

    [Theory]
    [InlineData("cluster:\n  agentPortForward: false\n", "agentPortForward")]
    [InlineData("timeouts:\n  intercept: 7s\n", null)]
    [InlineData("", null)]
    public void Configuration_may_forbid_links_and_bounds_the_wait(string yaml, string? refusal)
    {
        var configuration = ClientConfigurationReader.Read(yaml, new ConfigurationOrigin("a test"));
        if (refusal is null)
        {
            var seconds = ManagerOptions.ForAgents(["web"], Options, configuration).ArrivalTimeout.TotalSeconds;
            Assert.Equal(yaml.Length > 0 ? 7 : 30, seconds);
            return;
        }
        var error = Assert.Throws<TelepresenceException>(() =>
            ManagerOptions.ForAgents(["web"], Options, configuration)
        );
        Assert.True(error.Is(ErrorId.AgentLinksUnavailable), error.Message);
        Assert.Contains(refusal, error.Message, StringComparison.Ordinal);
    }

    private sealed class ManagerAccess(ManagerFixture manager) : IClusterAccess
    {
        public string Context => "";
        public string Server => "";
        public string DefaultNamespace => "default";
        public string ManagerNamespace => "manager";
        public ClientConfiguration Configuration => ClientConfiguration.Empty;

        public Task<IReadOnlyList<IPAddress>> GetServerAddressesAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<IPAddress>>([]);

        public Task<IReadOnlyList<string>?> GetNamespacesAsync(CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<string>?>(null);

        public async Task<Stream> OpenManagerStreamAsync(
            IProgress<ConnectStep>? progress,
            CancellationToken cancellationToken
        ) => await manager.ConnectAsync(cancellationToken);

        public void Dispose() { }
    }
}
