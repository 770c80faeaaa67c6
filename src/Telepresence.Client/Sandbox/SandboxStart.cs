namespace Telepresence.Client.Sandbox;

/// <summary>How a sandbox is to be.</summary>
public sealed record SandboxStart
{
    /// <summary>Name of the sandbox.</summary>
    public string Name { get; init; } = "default";

    /// <summary>Service subnets; empty: the sandbox's own default.</summary>
    public IReadOnlyList<string> ServiceSubnets { get; init; } = [];

    /// <summary>Pod subnets; empty: the sandbox's own default.</summary>
    public IReadOnlyList<string> PodSubnets { get; init; } = [];
}
