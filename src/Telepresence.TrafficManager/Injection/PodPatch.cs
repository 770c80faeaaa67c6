namespace Telepresence.TrafficManager.Injection;

/// <summary>Names of what an agent brings into a pod.</summary>
internal static class PodPatch
{
    public const string AgentContainer = "traffic-agent";
}
