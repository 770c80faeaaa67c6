using System.Globalization;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Injection;

/// <summary>Which ports of which containers an agent stands before, and where it listens for them.</summary>
public static class SidecarPlan
{
    /// <summary>The first port of an agent.</summary>
    public const int FirstAgentPort = 9900;

    /// <summary>Where an agent exports volumes; the container's name follows.</summary>
    public const string ExportDirectory = "/tel_app_exports";

    /// <summary>Policy of a volume under <c>/tmp</c>: it stays local.</summary>
    private const int Local = 2;

    /// <summary>The containers of an agent's configuration.</summary>
    /// <param name="shape">The workload.</param>
    /// <param name="replaced">Names of the containers that the agent stands in for.</param>
    /// <param name="firstPort">Where agents begin to listen.</param>
    public static IReadOnlyList<SidecarContainer> Containers(
        WorkloadShape shape,
        IReadOnlySet<string>? replaced = null,
        int firstPort = FirstAgentPort
    )
    {
        ArgumentNullException.ThrowIfNull(shape);
        var agentPorts = new Dictionary<(int, string), int>();
        return
        [
            .. shape.Containers.Select(
                (container, index) =>
                    new SidecarContainer
                    {
                        Name = container.Name,
                        EnvPrefix = Prefix(index),
                        MountPoint = $"{ExportDirectory}/{container.Name}",
                        Mounts = container.Mounts.Distinct().ToDictionary(path => path, Policy),
                        Replace = replaced?.Contains(container.Name) == true ? 1 : 0,
                        Intercepts =
                        [
                            .. Ports(container, index == 0, shape)
                                .Select(port => port with { AgentPort = AgentPort(port) }),
                        ],
                    }
            ),
        ];

        int AgentPort(SidecarPort port)
        {
            var key = (port.ContainerPort, port.Protocol);
            if (!agentPorts.TryGetValue(key, out var number))
                agentPorts[key] = number = firstPort + agentPorts.Count;
            return number;
        }
    }

    /// <summary><c>A_</c>, <c>B_</c> … <c>Z_</c>, <c>AA_</c> ….</summary>
    public static string Prefix(int index) =>
        index < 26 ? $"{(char)('A' + index)}_" : $"{(char)('A' + (index / 26) - 1)}{Prefix(index % 26)}";

    private static int Policy(string path) =>
        path == "/tmp" || path.StartsWith("/tmp/", StringComparison.Ordinal) ? Local : 0;

    private static IEnumerable<SidecarPort> Ports(ContainerShape container, bool isFirst, WorkloadShape shape)
    {
        var served = new HashSet<(int, string)>();
        foreach (var service in shape.Services)
        foreach (var offered in service.Ports)
        {
            if (Target(container, isFirst, shape, offered) is not { } target)
                continue;
            served.Add((target.Port, target.Protocol));
            yield return new SidecarPort
            {
                ContainerPortName = target.Name,
                ContainerPort = target.Port,
                Protocol = target.Protocol,
                ServiceName = service.Name,
                ServiceUid = service.Uid,
                ServicePortName = offered.Name,
                ServicePort = offered.Port,
                AppProtocol = offered.AppProtocol,
                Headless = service.IsHeadless,
                TargetPortNumeric = IsNumber(offered.TargetPort, out _),
                ServiceAddresses = service.Addresses,
            };
        }
        // What no Service leads to can be reached at the pod's address: the number is all its callers have.
        foreach (var port in container.Ports.Where(port => !served.Contains((port.Port, port.Protocol))))
            yield return new SidecarPort
            {
                ContainerPortName = port.Name,
                ContainerPort = port.Port,
                Protocol = port.Protocol,
                TargetPortNumeric = true,
            };
    }

    private static ContainerPortShape? Target(
        ContainerShape container,
        bool isFirst,
        WorkloadShape shape,
        ServicePortShape offered
    )
    {
        if (!IsNumber(offered.TargetPort, out var number))
            return container.Ports.FirstOrDefault(p => p.Name == offered.TargetPort && p.Protocol == offered.Protocol);
        if (container.Ports.FirstOrDefault(p => p.Port == number && p.Protocol == offered.Protocol) is { } declared)
            return declared;
        // A number that no container declares: the first is as good a guess as upstream's.
        var isDeclared = shape.Containers.Any(c =>
            c.Ports.Any(p => p.Port == number && p.Protocol == offered.Protocol)
        );
        return isFirst && !isDeclared ? new ContainerPortShape("", number, offered.Protocol) : null;
    }

    private static bool IsNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
