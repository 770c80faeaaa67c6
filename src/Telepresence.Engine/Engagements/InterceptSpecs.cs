using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Telepresence.Client.Engagements;
using Telepresence.Client.Objects;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Engagements;

/// <summary>Plans as the traffic-manager takes them (PROTOCOL §6.1, steps 1 and 4).</summary>
internal static class InterceptSpecs
{
    public static InterceptSpec Make(EngagementPlan plan, EngagementContext context)
    {
        var main = plan.Ports.Count > 0 ? plan.Ports[0] : null;
        var isReplacement = plan.Kind == EngagementKind.Replacement;
        var spec = new InterceptSpec
        {
            Name = plan.Name,
            Client = context.Client,
            Agent = plan.Workload,
            Mechanism = plan.IsHttp ? "http" : "tcp",
            Namespace = context.Namespace,
            PortIdentifier = main?.PortIdentifier ?? (isReplacement ? EngagementPort.All : ""),
            ServiceName = plan.Request.Service ?? "",
            ContainerName = plan.Request.Container ?? "",
            TargetHost = plan.Address.ToString(),
            TargetPort = main?.Local ?? 0,
            Replace = isReplacement,
            NoDefaultPort = isReplacement,
            Wiretap = plan.Kind == EngagementKind.Wiretap,
            Plaintext = plan.Request.Plaintext,
            RoundtripLatency = Nanoseconds(context.Tunnels.RoundtripLatency * 2),
            DialTimeout = Nanoseconds(context.Tunnels.DialTimeout),
        };
        spec.PodPorts.Add(plan.Ports.Skip(1).Select(PodPort));
        spec.LocalPorts.Add(plan.ToPod.Select(port => port.ToString()));
        spec.HeaderFilters.Add(plan.Request.HttpHeaders.ToDictionary());
        spec.PathFilters.Add(plan.Request.HttpPaths.Select(HttpFilters.ToPathFilter));
        spec.Metadata.Add(plan.Request.Metadata.ToDictionary());
        return spec;
    }

    /// <summary>Takes over what the manager found. The port here is the container's unless the user chose one.</summary>
    public static void Complete(InterceptSpec spec, PreparedIntercept prepared)
    {
        if (prepared.Namespace.Length > 0)
            spec.Namespace = prepared.Namespace;
        spec.ServiceUid = prepared.ServiceUid;
        spec.ServiceName = prepared.ServiceName;
        spec.ServicePortName = prepared.ServicePortName;
        spec.ServicePort = prepared.ServicePort;
        spec.WorkloadKind = prepared.WorkloadKind;
        spec.Protocol = prepared.Protocol;
        spec.ContainerName = prepared.ContainerName;
        spec.ContainerPort = prepared.ContainerPort;
        spec.ServiceIps.Clear();
        spec.ServiceIps.Add(prepared.ServiceIps);
        if (prepared.PodPorts.Count > 0)
        {
            spec.PodPorts.Clear();
            spec.PodPorts.Add(prepared.PodPorts);
        }
        if (spec.TargetPort == 0)
            spec.TargetPort = spec.ContainerPort;
    }

    /// <summary>Where connections of a completed spec are answered; none for a replaced container without ports.</summary>
    public static IReadOnlyList<DialTarget> Targets(InterceptSpec spec, IPAddress address)
    {
        var targets = new List<DialTarget>();
        if (spec.TargetPort > 0)
            targets.Add(new DialTarget(new IPEndPoint(address, spec.TargetPort), ProtocolOf(spec.Protocol)));
        foreach (var (_, to, protocol) in spec.PodPorts.Select(Split))
            targets.Add(new DialTarget(new IPEndPoint(address, to), protocol));
        return targets;
    }

    /// <summary>As <c>8080:80/TCP</c>: the port here, the container's.</summary>
    public static IEnumerable<string> Ports(InterceptSpec spec)
    {
        if (spec.TargetPort > 0)
            yield return $"{spec.TargetPort}:{spec.ContainerPort}/{Text(ProtocolOf(spec.Protocol))}";
        foreach (var (from, to, protocol) in spec.PodPorts.Select(Split))
            yield return $"{to}:{from}/{Text(protocol)}";
    }

    /// <summary>The wire has them the other way round: from the pod's to the one here.</summary>
    private static string PodPort(EngagementPort port)
    {
        var local = port.Local?.ToString(CultureInfo.InvariantCulture) ?? port.Identifier;
        var from = port.Identifier.Length > 0 ? port.Identifier : local;
        return $"{from}:{local}{(port.Protocol is { } protocol ? $"/{protocol.ToString().ToUpperInvariant()}" : "")}";
    }

    private static (string From, int To, ProtocolType Protocol) Split(string podPort)
    {
        var slash = podPort.Split('/', 2);
        var ports = slash[0].Split(':', 2);
        _ = int.TryParse(ports[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var to);
        return (ports[0], to, ProtocolOf(slash.Length > 1 ? slash[1] : ""));
    }

    private static ProtocolType ProtocolOf(string text) =>
        string.Equals(text, "UDP", StringComparison.OrdinalIgnoreCase) ? ProtocolType.Udp : ProtocolType.Tcp;

    private static string Text(ProtocolType protocol) => protocol == ProtocolType.Udp ? "UDP" : "TCP";

    private static long Nanoseconds(TimeSpan duration) => duration.Ticks * 100;
}
