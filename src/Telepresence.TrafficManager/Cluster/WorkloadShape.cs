using System.Net;

namespace Telepresence.TrafficManager.Cluster;

/// <summary>What a workload's pods are made of, and how Services lead to them.</summary>
/// <param name="Containers">Of the pod template, without any traffic-agent.</param>
/// <param name="Services">Those that select its pods.</param>
public sealed record WorkloadShape(IReadOnlyList<ContainerShape> Containers, IReadOnlyList<ServiceShape> Services);

/// <summary>A container.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Ports">The ports it declares.</param>
/// <param name="Mounts">Paths of its volumes.</param>
public sealed record ContainerShape(string Name, IReadOnlyList<ContainerPortShape> Ports, IReadOnlyList<string> Mounts);

/// <summary>A port that a container declares.</summary>
/// <param name="Name">Empty: it has none.</param>
/// <param name="Port">Its number.</param>
/// <param name="Protocol"><c>TCP</c> or <c>UDP</c>.</param>
public sealed record ContainerPortShape(string Name, int Port, string Protocol);

/// <summary>A Service.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Uid">Of the object.</param>
/// <param name="Addresses">Its cluster addresses; none: it is headless.</param>
/// <param name="Ports">What it offers.</param>
public sealed record ServiceShape(
    string Name,
    string Uid,
    IReadOnlyList<IPAddress> Addresses,
    IReadOnlyList<ServicePortShape> Ports
)
{
    /// <summary>True: its name resolves to the pods' addresses.</summary>
    public bool IsHeadless => Addresses.Count == 0;
}

/// <summary>A port of a Service.</summary>
/// <param name="Name">Empty: it has none.</param>
/// <param name="Port">Its number.</param>
/// <param name="Protocol"><c>TCP</c> or <c>UDP</c>.</param>
/// <param name="TargetPort">Name or number of a container's port.</param>
/// <param name="AppProtocol">What the service says is spoken there; null: nothing.</param>
public sealed record ServicePortShape(
    string Name,
    int Port,
    string Protocol,
    string TargetPort,
    string? AppProtocol = null
);
