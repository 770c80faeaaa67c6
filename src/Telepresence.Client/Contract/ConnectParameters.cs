namespace Telepresence.Client.Contract;

/// <summary>What <c>Connect-Telepresence</c> asks for.</summary>
public sealed record ConnectParameters
{
    /// <summary>Chosen by the client; comes back in <see cref="ConnectProgress.Operation"/>.</summary>
    public string? Operation { get; set; }

    /// <summary>Cluster and user.</summary>
    public ClusterSelection Cluster { get; set; } = new();

    /// <summary>Namespace of the session; null: the context's, else <c>default</c>.</summary>
    public string? Namespace { get; set; }

    /// <summary>Namespaces whose names resolve; empty: all.</summary>
    public IReadOnlyList<string> MappedNamespaces { get; set; } = [];

    /// <summary>Where the traffic-manager runs; null: found.</summary>
    public string? ManagerNamespace { get; set; }

    /// <summary>Name of the session; null: <c>context-namespace</c>.</summary>
    public string? Name { get; set; }

    /// <summary>Routing and translation.</summary>
    public SubnetSelection Subnets { get; set; } = new();

    /// <summary>The whole connect ends by then, with error id <c>Timeout</c>; null: the engine's default.</summary>
    public double? TimeoutSeconds { get; set; }
}

/// <summary>A step of a running connect.</summary>
/// <param name="Operation"><see cref="ConnectParameters.Operation"/>.</param>
/// <param name="Stage">The step that begins.</param>
/// <param name="Status">What it waits for, in words: <c>waiting for the API server https://…</c>.</param>
public sealed record ConnectProgress(string Operation, ConnectStage Stage, string Status);

/// <summary>Steps of a connect, in order.</summary>
public enum ConnectStage
{
    /// <summary>Kubeconfig and credentials.</summary>
    Credentials,

    /// <summary>First contact with the API server.</summary>
    ApiServer,

    /// <summary>Finding the traffic-manager.</summary>
    FindManager,

    /// <summary>The port-forward to it.</summary>
    PortForward,

    /// <summary>Arriving at the traffic-manager.</summary>
    Manager,

    /// <summary>Subnets and conflicts.</summary>
    Plan,

    /// <summary>Agents of the workloads that traffic leaves through.</summary>
    Agents,

    /// <summary>Network interface.</summary>
    Interface,

    /// <summary>Routes.</summary>
    Routes,

    /// <summary>DNS.</summary>
    Dns,

    /// <summary>Everything is in place.</summary>
    Connected,
}
