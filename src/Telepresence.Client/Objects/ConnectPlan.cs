namespace Telepresence.Client.Objects;

/// <summary>What a connect would do, found out without doing it.</summary>
public sealed class ConnectPlan
{
    /// <summary>Name that the session would have.</summary>
    public string Name { get; set; } = "";

    /// <summary>Context of the kubeconfig.</summary>
    public string Context { get; set; } = "";

    /// <summary>URL of the API server.</summary>
    public string Server { get; set; } = "";

    /// <summary>Namespace of the session.</summary>
    public string Namespace { get; set; } = "";

    /// <summary>Namespace of the traffic-manager.</summary>
    public string ManagerNamespace { get; set; } = "";

    /// <summary>Version of the traffic-manager.</summary>
    public string ManagerVersion { get; set; } = "";

    /// <summary>Virtual addresses would be taken from here; empty when nothing is translated.</summary>
    public string VirtualSubnet { get; set; } = "";

    /// <summary>How names would reach the engine.</summary>
    public string DnsMode { get; set; } = "";

    /// <summary>True when a password or consent would be asked for first.</summary>
    public bool NeedsElevation { get; set; }

    /// <summary>False: connect would refuse, because of a conflict.</summary>
    public bool IsPossible { get; set; }

    /// <summary>What would be done with each subnet.</summary>
    public TelepresenceSubnet[] Subnets { get; set; } = [];

    /// <summary>Routes that would be made.</summary>
    public TelepresenceRoute[] Routes { get; set; } = [];

    /// <summary>Each cluster subnet and what it collides with.</summary>
    public TelepresenceConflict[] Conflicts { get; set; } = [];

    /// <summary>The session's name.</summary>
    public override string ToString() => Name;
}
