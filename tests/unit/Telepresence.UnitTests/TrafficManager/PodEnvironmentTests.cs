using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.TrafficManager;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Discovery;
using Telepresence.TrafficManager.Pod;

namespace Telepresence.UnitTests.TrafficManager;

public class PodEnvironmentTests
{
    private const string ResolvConf =
        "# pod\nsearch manager.svc.example.org svc.example.org example.org\nnameserver 10.96.0.10\noptions ndots:5\n";

    [Fact]
    public void Reads_what_the_chart_sets()
    {
        var environment = Read(
            new()
            {
                ["SERVER_HOST"] = "0.0.0.0",
                ["SERVER_PORT"] = "9000",
                ["POD_IP"] = "10.244.0.7",
                ["POD_CIDRS"] = "10.244.0.0/16 fd00::/64",
                ["MANAGER_NAMESPACE"] = "manager",
                ["GRPC_MAX_RECEIVE_SIZE"] = "8Mi",
                ["CLIENT_CONNECTION_TTL"] = "30m",
                ["COMPATIBILITY_VERSION"] = "2.22",
                ["AGENT_IMAGE_NAME"] = "tel2",
                ["AGENT_IMAGE_TAG"] = "2.22.4",
                ["AGENT_REST_API_PORT"] = "9980",
                ["POD_CIDR_STRATEGY"] = "nodePodCIDRs",
                ["ENABLED_WORKLOAD_KINDS"] = "Deployment StatefulSet",
                ["PROMETHEUS_PORT"] = "9090",
            }
        );
        var options = environment.Options;
        Assert.Equal(IPEndPoint.Parse("0.0.0.0:9000"), options.Listen);
        Assert.Equal(8 << 20, options.MaxReceiveMessageSize);
        Assert.Equal(TimeSpan.FromMinutes(30), options.ClientTimeToLive);
        Assert.Equal(2, options.State.Current.PodSubnets.Count);
        Assert.Equal("example.org.", options.State.Current.ClusterDomain);
        Assert.Equal("manager", options.State.Current.ManagerNamespace);
        Assert.Equal(IPAddress.Parse("10.96.0.10"), options.State.Current.DnsAddress);
        Assert.Equal("v2.22.4", options.Version);
        Assert.Equal("ghcr.io/telepresenceio/tel2:2.22.4", options.AgentImage);
        Assert.Equal(9980, options.AgentApiPort);
        Assert.Equal(PodSubnetStrategy.NodePodCIDRs, environment.Discovery.Strategy);
        Assert.Equal([WorkloadKind.Deployment, WorkloadKind.StatefulSet], environment.Discovery.WorkloadKinds);
        Assert.Null(environment.Discovery.ManagedNamespaces);
        Assert.True(environment.Discovery.IsDomainKnown);
        Assert.Equal(9090, environment.MonitoringPort);
    }

    [Theory]
    [InlineData("SERVER_PORT", "http")]
    [InlineData("POD_IP", "pod")]
    [InlineData("POD_CIDRS", "10.0.0.0/16 nonsense")]
    [InlineData("CLIENT_CONNECTION_TTL", "soon")]
    [InlineData("COMPATIBILITY_VERSION", "2.19")]
    [InlineData("POD_CIDR_STRATEGY", "guess")]
    [InlineData("POD_CIDR_STRATEGY", "1")]
    [InlineData("ENABLED_WORKLOAD_KINDS", "Deployment DaemonSet")]
    public void A_value_that_makes_no_sense_is_told_by_name(string name, string value)
    {
        var e = Assert.Throws<FormatException>(() => Read(new() { [name] = value }));
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    private static PodEnvironment Read(Dictionary<string, string> variables) =>
        PodEnvironment.Read(
            variables.GetValueOrDefault,
            ResolvConf,
            new LogLevelSwitch(LogLevel.Information),
            NullLoggerFactory.Instance
        );
}
