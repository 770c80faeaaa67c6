namespace Telepresence.Client.Objects;

/// <summary>A connection of this machine to a cluster.</summary>
public sealed class TelepresenceSession
{
    /// <summary>Name, by default <c>context-namespace</c>.</summary>
    public string Name { get; set; } = "";

    /// <summary>What it is doing.</summary>
    public SessionState State { get; set; }

    /// <summary>Context of the kubeconfig.</summary>
    public string Context { get; set; } = "";

    /// <summary>URL of the API server.</summary>
    public string Server { get; set; } = "";

    /// <summary>Namespace whose names need no suffix.</summary>
    public string Namespace { get; set; } = "";

    /// <summary>Namespaces whose names resolve; empty: all.</summary>
    public string[] MappedNamespaces { get; set; } = [];

    /// <summary>Namespace of the traffic-manager.</summary>
    public string ManagerNamespace { get; set; } = "";

    /// <summary>Name that the traffic-manager calls itself.</summary>
    public string ManagerName { get; set; } = "";

    /// <summary>Version of the traffic-manager.</summary>
    public string ManagerVersion { get; set; } = "";

    /// <summary>Network interface of the session.</summary>
    public string InterfaceAlias { get; set; } = "";

    /// <summary>Index of the network interface.</summary>
    public uint InterfaceIndex { get; set; }

    /// <summary>Cluster subnets that are reached, with their real addresses.</summary>
    public string[] Subnets { get; set; } = [];

    /// <summary>Cluster subnets that are reached through virtual addresses.</summary>
    public string[] TranslatedSubnets { get; set; } = [];

    /// <summary>Translated subnets whose traffic leaves through a workload's agent, as <c>SUBNET=WORKLOAD</c>.</summary>
    public string[] ProxyVia { get; set; } = [];

    /// <summary>Subnets routed besides the cluster's own.</summary>
    public string[] AlsoProxy { get; set; } = [];

    /// <summary>Subnets that keep their route.</summary>
    public string[] NeverProxy { get; set; } = [];

    /// <summary>Where cluster subnets may override local routes.</summary>
    public string[] AllowConflictingSubnet { get; set; } = [];

    /// <summary>Virtual addresses are taken from here; empty when nothing is translated.</summary>
    public string VirtualSubnet { get; set; } = "";

    /// <summary>Local routes that share addresses with the cluster, and what is done about each; follows them while connected.</summary>
    public TelepresenceConflict[] Conflicts { get; set; } = [];

    /// <summary>How names reach us, such as <c>captured name servers</c> or <c>systemd-resolved</c>.</summary>
    public string DnsMode { get; set; } = "";

    /// <summary>Name servers whose queries are answered here.</summary>
    public string[] DnsServers { get; set; } = [];

    /// <summary>Domain of the cluster, such as <c>cluster.local</c>.</summary>
    public string ClusterDomain { get; set; } = "";

    /// <summary>When it was connected (UTC).</summary>
    public DateTime? Since { get; set; }

    /// <summary>Id of the last error, or empty.</summary>
    public string LastErrorId { get; set; } = "";

    /// <summary>The last error in words, or empty.</summary>
    public string LastError { get; set; } = "";

    /// <summary>Process of the engine.</summary>
    public int EngineProcessId { get; set; }

    /// <summary>Version of the engine.</summary>
    public string EngineVersion { get; set; } = "";

    /// <summary>The session's name.</summary>
    public override string ToString() => Name;

    /// <summary>A copy that is in another state for a reason.</summary>
    internal TelepresenceSession With(SessionState state, string errorId, string error)
    {
        var copy = (TelepresenceSession)MemberwiseClone();
        copy.State = state;
        copy.LastErrorId = errorId;
        copy.LastError = error;
        return copy;
    }
}
