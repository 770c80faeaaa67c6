namespace Telepresence.Client.Objects;

/// <summary>A context of the kubeconfig.</summary>
public sealed class TelepresenceContext
{
    /// <summary>For <c>-Context</c>.</summary>
    public string Name { get; set; } = "";

    /// <summary>Name of its cluster entry.</summary>
    public string Cluster { get; set; } = "";

    /// <summary>Name of its user entry.</summary>
    public string User { get; set; } = "";

    /// <summary>Namespace it connects to; <c>default</c> where it names none.</summary>
    public string Namespace { get; set; } = "";

    /// <summary>URL of the API server; empty where the cluster entry is missing.</summary>
    public string Server { get; set; } = "";

    /// <summary>What a connect without <c>-Context</c> takes.</summary>
    public bool IsCurrent { get; set; }

    /// <summary>The file that it is defined in.</summary>
    public string File { get; set; } = "";

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
