namespace Telepresence.Client.Objects;

/// <summary>A namespace of a cluster.</summary>
public sealed class TelepresenceNamespace
{
    /// <summary>For <c>-Namespace</c>.</summary>
    public string Name { get; set; } = "";

    /// <summary>Context that it was asked with.</summary>
    public string Context { get; set; } = "";

    /// <summary>URL of the cluster's API server.</summary>
    public string Server { get; set; } = "";

    /// <summary>What a connect without <c>-Namespace</c> takes.</summary>
    public bool IsCurrent { get; set; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
