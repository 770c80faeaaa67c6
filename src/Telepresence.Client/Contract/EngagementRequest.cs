using Telepresence.Client.Objects;

namespace Telepresence.Client.Contract;

/// <summary>What <c>New-TelepresenceIntercept</c> and its like ask for.</summary>
public sealed record EngagementRequest
{
    /// <summary>Chosen by the client; comes back in <see cref="EngagementProgress.Operation"/>.</summary>
    public string? Operation { get; set; }

    /// <summary>Which of them.</summary>
    public EngagementKind Kind { get; set; }

    /// <summary>Session; null: the only one.</summary>
    public string? Session { get; set; }

    /// <summary>Name; null: chosen after the workload.</summary>
    public string? Name { get; set; }

    /// <summary>The workload.</summary>
    public string Workload { get; set; } = "";

    /// <summary>Service whose port is meant; null: found.</summary>
    public string? Service { get; set; }

    /// <summary>Container; null: the port's, or the only one.</summary>
    public string? Container { get; set; }

    /// <summary>Forms of <see cref="Engagements.EngagementPort"/>; the first is the main one.</summary>
    public IReadOnlyList<string> Ports { get; set; } = [];

    /// <summary>Where connections are answered; null: this machine's loopback.</summary>
    public string? Address { get; set; }

    /// <summary>Forms of <see cref="Engagements.PodPort"/>.</summary>
    public IReadOnlyList<string> ToPod { get; set; } = [];

    /// <summary>Headers, by name.</summary>
    public IReadOnlyDictionary<string, string> HttpHeaders { get; set; } = new Dictionary<string, string>();

    /// <summary>Forms of <see cref="Engagements.HttpFilters.ToPathFilter"/>.</summary>
    public IReadOnlyList<string> HttpPaths { get; set; } = [];

    /// <summary>What other clients are told.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; set; } = new Dictionary<string, string>();

    /// <summary>The agent speaks HTTP without TLS to this machine.</summary>
    public bool Plaintext { get; set; }

    /// <summary>Whether volumes are mounted.</summary>
    public bool Mounts { get; set; } = true;

    /// <summary>Whole path of the mount point; null: a directory of the engine's own.</summary>
    public string? MountPoint { get; set; }

    /// <summary>The volumes cannot be written.</summary>
    public bool MountReadOnly { get; set; }

    /// <summary>Port of the loopback that leads to the pod's SFTP server instead of a mount; null: none.</summary>
    public int? LocalMountPort { get; set; }

    /// <summary>Error id <c>Timeout</c> then; null: the engine's default.</summary>
    public double? TimeoutSeconds { get; set; }
}

/// <summary>A step of a running engagement.</summary>
/// <param name="Operation"><see cref="EngagementRequest.Operation"/>.</param>
/// <param name="Status">What is done, or waited for, in words.</param>
public sealed record EngagementProgress(string Operation, string Status);

/// <summary>Names engagements.</summary>
/// <param name="Session">Null: every session.</param>
/// <param name="Name">Null: every engagement.</param>
public sealed record EngagementParameters(string? Session = null, string? Name = null);

/// <summary>Asks for the ports of a workload's containers.</summary>
/// <param name="Session">Null: the only one.</param>
/// <param name="Workload">The workload.</param>
public sealed record WorkloadPortsParameters(string? Session, string Workload);

/// <summary>Removes traffic-agents.</summary>
public sealed record AgentRemoval
{
    /// <summary>Session; null: the only one.</summary>
    public string? Session { get; set; }

    /// <summary>Workloads; empty: all of the session's namespace.</summary>
    public IReadOnlyList<string> Workloads { get; set; } = [];
}
