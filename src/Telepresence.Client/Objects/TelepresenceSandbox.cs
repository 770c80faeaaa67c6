namespace Telepresence.Client.Objects;

/// <summary>An embedded cluster that runs on this machine.</summary>
public sealed class TelepresenceSandbox
{
    /// <summary>Name, chosen at the start.</summary>
    public string Name { get; set; } = "";

    /// <summary>Its kubeconfig file.</summary>
    public string Kubeconfig { get; set; } = "";

    /// <summary>URL of its API server.</summary>
    public string Server { get; set; } = "";

    /// <summary>Its process.</summary>
    public int ProcessId { get; set; }

    /// <summary>When its process started (UTC): tells it from another process that got the same id.</summary>
    public DateTime StartTime { get; set; }

    /// <summary>Service subnets.</summary>
    public string[] ServiceSubnets { get; set; } = [];

    /// <summary>Pod subnets.</summary>
    public string[] PodSubnets { get; set; } = [];

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
