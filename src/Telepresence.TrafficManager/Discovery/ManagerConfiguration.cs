namespace Telepresence.TrafficManager.Discovery;

/// <summary>What the administrator wrote into the ConfigMap <c>traffic-manager</c>.</summary>
/// <param name="Client">Key <c>client.yaml</c>: what clients get as configuration.</param>
/// <param name="NamespaceSelector">Key <c>namespace-selector.yaml</c>.</param>
internal sealed record ManagerConfiguration(string Client, string NamespaceSelector);
