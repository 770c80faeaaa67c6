namespace Telepresence.Engine.Installation.Values;

/// <summary>What the value of a key is.</summary>
internal enum ValueType
{
    Text,
    Flag,
    Port,
    Count,
    Duration,
    Quantity,
    LogLevel,
    PodCidrStrategy,
    PullPolicy,
    SubnetList,
    NamespaceList,
    PullSecrets,
    Subjects,
    Mapping,
    List,
}

/// <summary>A key of the chart that means something here (PROTOCOL §7.7).</summary>
/// <param name="Path">Its sections and name, with dots between.</param>
internal sealed record ValueKey(string Path, ValueType Type);
