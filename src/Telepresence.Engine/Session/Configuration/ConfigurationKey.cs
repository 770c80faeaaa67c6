namespace Telepresence.Engine.Session.Configuration;

/// <summary>What a key's value is.</summary>
internal enum ConfigurationValueType
{
    Text,
    Boolean,
    Integer,
    Duration,
    Quantity,
    Address,
    Subnet,
    TextList,
    SubnetList,
    MappingList,
}

/// <summary>A key of the client configuration (PROTOCOL §5.2).</summary>
/// <param name="Path">Its sections and name, with dots between.</param>
/// <param name="Default">The built-in value as <see cref="ConfigurationValues.ToText"/> writes it; empty: not set.</param>
/// <param name="IsUsed">False: known, so that it is no spelling mistake, but without effect here.</param>
internal sealed record ConfigurationKey(
    string Path,
    ConfigurationValueType Type,
    string Default,
    string Description,
    bool IsUsed
)
{
    /// <summary>Full paths that earlier releases had, still understood.</summary>
    public IReadOnlyList<string> OldPaths { get; init; } = [];

    /// <summary>Full paths in the kubeconfig's extension up to 2.20 (PROTOCOL §5.2).</summary>
    public IReadOnlyList<string> ExtensionPaths { get; init; } = [];

    public bool IsList =>
        Type
            is ConfigurationValueType.TextList
                or ConfigurationValueType.SubnetList
                or ConfigurationValueType.MappingList;
}
