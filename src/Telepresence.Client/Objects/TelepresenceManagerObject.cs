namespace Telepresence.Client.Objects;

/// <summary>An object of an installed traffic-manager, and what was done to it.</summary>
public sealed class TelepresenceManagerObject
{
    /// <summary>Deployment, Service …; Release for what helm installed.</summary>
    public string Kind { get; set; } = "";

    /// <summary>Its name.</summary>
    public string Name { get; set; } = "";

    /// <summary>Its namespace; empty for what is in none.</summary>
    public string Namespace { get; set; } = "";

    /// <summary>What was done; with -WhatIf what would be.</summary>
    public ManagerObjectAction Action { get; set; }

    /// <summary>Namespace of the traffic-manager that it belongs to.</summary>
    public string ManagerNamespace { get; set; } = "";

    /// <summary>YAML of the object as it was applied, for kubectl; the command line for a release of helm's.</summary>
    public string Manifest { get; set; } = "";

    /// <summary>The name as kubectl takes it.</summary>
    public override string ToString() => $"{Kind.ToLowerInvariant()}/{Name}";
}
