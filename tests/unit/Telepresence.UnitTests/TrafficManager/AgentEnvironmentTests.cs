using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Telepresence.TrafficManager;
using Telepresence.TrafficManager.Agents;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Pod;

namespace Telepresence.UnitTests.TrafficManager;

public class AgentEnvironmentTests
{
    private const string Sidecar =
        """{"create":true,"agentName":"web","workloadName":"web","workloadKind":"StatefulSet","namespace":"shop","managerHost":"traffic-manager.ambassador","managerPort":8081,"apiPort":9900,"logLevel":"info"}""";

    [Fact]
    public void Reads_what_injection_sets()
    {
        var options = Read(
            new()
            {
                ["AGENT_CONFIG"] = Sidecar,
                ["_TEL_AGENT_NAME"] = "web-0",
                ["_TEL_AGENT_POD_IP"] = "10.244.0.9",
                ["_TEL_AGENT_POD_UID"] = "uid",
            }
        );
        Assert.Equal(
            ("web", "shop", "web-0", "uid"),
            (options.Workload, options.Namespace, options.PodName, options.PodUid)
        );
        Assert.Equal(WorkloadKind.StatefulSet, options.Kind);
        Assert.Equal(IPAddress.Parse("10.244.0.9"), options.PodAddress);
        Assert.Equal(9900, options.Listen.Port);
    }

    [Theory]
    [InlineData("AGENT_CONFIG", null)]
    [InlineData("AGENT_CONFIG", "{")]
    [InlineData("AGENT_CONFIG", "null")]
    [InlineData("AGENT_CONFIG", """{"workloadName":"web"}""")]
    [InlineData("_TEL_AGENT_NAME", "")]
    [InlineData("_TEL_AGENT_POD_IP", "pod")]
    public void What_is_missing_or_makes_no_sense_is_told_by_name(string name, string? value)
    {
        var variables = new Dictionary<string, string?>
        {
            ["AGENT_CONFIG"] = Sidecar,
            ["_TEL_AGENT_NAME"] = "web-0",
            ["_TEL_AGENT_POD_IP"] = "10.244.0.9",
            [name] = value,
        };
        var e = Assert.Throws<FormatException>(() => Read(variables));
        Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }

    private static TrafficAgentOptions Read(Dictionary<string, string?> variables) =>
        AgentEnvironment
            .Read(
                variables.GetValueOrDefault,
                "nameserver 10.96.0.10\n",
                new LogLevelSwitch(LogLevel.Information),
                NullLoggerFactory.Instance
            )
            .Options;
}
