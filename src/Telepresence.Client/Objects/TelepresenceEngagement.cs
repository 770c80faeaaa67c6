namespace Telepresence.Client.Objects;

/// <summary>
/// What of a workload this machine has taken over or looks into: an intercept, a replacement, an ingest or a wiretap.
/// </summary>
public sealed class TelepresenceEngagement
{
    /// <summary>Name, unique in the session; by default the workload's.</summary>
    public string Name { get; set; } = "";

    /// <summary>What it does.</summary>
    public EngagementKind Kind { get; set; }

    /// <summary>The workload.</summary>
    public string Workload { get; set; } = "";

    /// <summary>Deployment, ReplicaSet, StatefulSet or Rollout, where the traffic-manager tells.</summary>
    public string WorkloadKind { get; set; } = "";

    /// <summary>The workload's namespace.</summary>
    public string Namespace { get; set; } = "";

    /// <summary>Whether it works.</summary>
    public EngagementState State { get; set; }

    /// <summary>Why it does not, or empty.</summary>
    public string Message { get; set; } = "";

    /// <summary>Service whose port it is; empty: none.</summary>
    public string Service { get; set; } = "";

    /// <summary>As <c>8080:80/TCP</c>: the port here, the container's, the protocol. The first is the main one.</summary>
    public string[] Ports { get; set; } = [];

    /// <summary>Where on this machine connections are answered.</summary>
    public string Address { get; set; } = "";

    /// <summary>Container whose environment and volumes these are.</summary>
    public string Container { get; set; } = "";

    /// <summary>The pod that serves it.</summary>
    public string PodName { get; set; } = "";

    /// <summary>The pod's address in the cluster.</summary>
    public string PodIP { get; set; } = "";

    /// <summary>The container's environment; addresses of translated subnets are virtual.</summary>
    public Dictionary<string, string> Environment { get; set; } = [];

    /// <summary>Where the container's volumes are on this machine; empty: they are not.</summary>
    public string MountPoint { get; set; } = "";

    /// <summary>The volumes cannot be written.</summary>
    public bool IsMountReadOnly { get; set; }

    /// <summary>Why the volumes are not there, or empty.</summary>
    public string MountError { get; set; } = "";

    /// <summary>Port of this machine's loopback that leads to the pod's SFTP server; 0: none.</summary>
    public int LocalMountPort { get; set; }

    /// <summary>As <c>5432:5432/TCP</c>: ports of this machine's loopback that lead to ports of the pod.</summary>
    public string[] ToPod { get; set; } = [];

    /// <summary>Headers that a request has, as <c>Name=Value</c>; empty: any.</summary>
    public string[] HttpHeader { get; set; } = [];

    /// <summary>Paths that a request has, as <c>prefix:/p</c>; empty: any.</summary>
    public string[] HttpPath { get; set; } = [];

    /// <summary>What other clients are told of it.</summary>
    public Dictionary<string, string> Metadata { get; set; } = [];

    /// <summary>Connections that were answered here.</summary>
    public long Connections { get; set; }

    /// <summary>When it began to work (UTC).</summary>
    public DateTime? Since { get; set; }

    /// <summary>Name of the session.</summary>
    public string Session { get; set; } = "";

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
