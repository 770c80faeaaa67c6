namespace Telepresence.TrafficManager.Discovery;

/// <summary>A namespace as selectors see it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Labels">Its labels.</param>
internal sealed record ClusterNamespace(string Name, IReadOnlyDictionary<string, string> Labels);
