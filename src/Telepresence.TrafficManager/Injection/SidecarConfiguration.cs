using System.Text.Json.Serialization;

namespace Telepresence.TrafficManager.Injection;

/// <summary>The configuration of a traffic-agent (PROTOCOL §7.4); its keys are upstream's.</summary>
public sealed record SidecarConfiguration
{
    /// <summary>Name of the agent: the workload's.</summary>
    public required string AgentName { get; init; }

    /// <summary>Image of the agent.</summary>
    public string? AgentImage { get; init; }

    /// <summary>Namespace of the pods.</summary>
    public required string Namespace { get; init; }

    /// <summary>Name of the workload.</summary>
    public required string WorkloadName { get; init; }

    /// <summary>Kind of the workload.</summary>
    public string? WorkloadKind { get; init; }

    /// <summary>Name or address of the traffic-manager.</summary>
    public required string ManagerHost { get; init; }

    /// <summary>Port of the traffic-manager.</summary>
    public int ManagerPort { get; init; }

    /// <summary>Port of the agent's gRPC server; 0: a free one.</summary>
    public int ApiPort { get; init; }

    /// <summary>Level of the agent's log.</summary>
    public string? LogLevel { get; init; }

    /// <summary>The pod's containers.</summary>
    public IReadOnlyList<SidecarContainer> Containers { get; init; } = [];
}

/// <summary>A container of the pod, for its agent.</summary>
public sealed record SidecarContainer
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What its variables begin with in the agent's environment, behind <c>_TEL_APP_</c>.</summary>
    public string EnvPrefix { get; init; } = "";

    /// <summary>Where the agent finds its volumes.</summary>
    public string MountPoint { get; init; } = "";

    /// <summary>Policies of its volumes' paths: 0 remote, 1 remote and read-only, 2 local, 3 ignored.</summary>
    public IReadOnlyDictionary<string, int> Mounts { get; init; } = new Dictionary<string, int>();

    /// <summary>0: its ports may be intercepted; 1: it is replaced.</summary>
    public int Replace { get; init; }

    /// <summary>Its ports, each as often as Services lead to it.</summary>
    public IReadOnlyList<SidecarPort> Intercepts { get; init; } = [];
}

/// <summary>A container's port that can be intercepted.</summary>
public sealed record SidecarPort
{
    /// <summary>Name of the container's port; empty: it has none.</summary>
    public string ContainerPortName { get; init; } = "";

    /// <summary>Name of the Service; empty: none leads here.</summary>
    public string ServiceName { get; init; } = "";

    /// <summary>Uid of the Service.</summary>
    [JsonPropertyName("serviceUID")]
    public string ServiceUid { get; init; } = "";

    /// <summary>Name of the Service's port.</summary>
    public string ServicePortName { get; init; } = "";

    /// <summary>Number of the Service's port; 0: no Service.</summary>
    public int ServicePort { get; init; }

    /// <summary>True: the Service names the container's port by number, so that packets must be redirected.</summary>
    public bool TargetPortNumeric { get; init; }

    /// <summary><c>TCP</c> or <c>UDP</c>.</summary>
    public string Protocol { get; init; } = "TCP";

    /// <summary>What the Service says is spoken there.</summary>
    public string? AppProtocol { get; init; }

    /// <summary>True: the Service is headless.</summary>
    public bool Headless { get; init; }

    /// <summary>Number of the container's port.</summary>
    public required int ContainerPort { get; init; }

    /// <summary>Where the agent listens for it.</summary>
    public int AgentPort { get; init; }

    /// <summary>Cluster addresses of the Service; the agent needs none.</summary>
    [JsonIgnore]
    public IReadOnlyList<System.Net.IPAddress> ServiceAddresses { get; init; } = [];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(SidecarConfiguration))]
internal sealed partial class SidecarJson : JsonSerializerContext;
