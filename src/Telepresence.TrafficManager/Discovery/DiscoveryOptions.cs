using System.Net;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>What discovery starts from: the pod's environment, and what is passed in.</summary>
internal sealed record DiscoveryOptions
{
    /// <summary>What the environment tells; discovery fills in the rest. Service subnets that are there already stay.</summary>
    public required ClusterFacts Known { get; init; }

    /// <summary>Where pod subnets come from; <see cref="Known"/> has those of the environment.</summary>
    public PodSubnetStrategy Strategy { get; init; }

    /// <summary>The namespaces that are the manager's, as charts before 2.22 say it; null: the ConfigMap's selector says.</summary>
    public IReadOnlyList<string>? ManagedNamespaces { get; init; }

    /// <summary>Kinds of workloads to offer.</summary>
    public IReadOnlyList<WorkloadKind> WorkloadKinds { get; init; } = Enum.GetValues<WorkloadKind>();

    /// <summary>False: the domain in <see cref="Known"/> is only the usual one, and is looked up.</summary>
    public bool IsDomainKnown { get; init; }

    /// <summary>Cluster DNS.</summary>
    public required IClusterDns Dns { get; init; }

    /// <summary>Address of the API server's service.</summary>
    public IPAddress? ApiService { get; init; }

    /// <summary>Measures pauses.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Draws pauses out.</summary>
    public Random Random { get; init; } = Random.Shared;

    /// <summary>Where to log.</summary>
    public required ILogger Logger { get; init; }
}
