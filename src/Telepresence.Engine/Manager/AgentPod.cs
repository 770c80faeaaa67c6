using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Manager;

/// <summary>A pod with a traffic-agent. Equal ones can share a link.</summary>
/// <param name="Uid">Empty where the manager does not tell it (2.20).</param>
/// <param name="Port">The agent's gRPC port.</param>
internal sealed record AgentPod(string Namespace, string Name, string Uid, int Port, string Workload)
{
    /// <summary>Null when it cannot be linked to: managers of old tell no pod names.</summary>
    public static AgentPod? From(AgentPodInfo info) =>
        info is { PodName.Length: > 0, ApiPort: > 0 and <= ushort.MaxValue }
            ? new AgentPod(info.Namespace, info.PodName, info.PodId, info.ApiPort, info.WorkloadName)
            : null;

    /// <summary>As PROTOCOL §2.10 writes it.</summary>
    public override string ToString() => $"pod/{Name}.{Namespace}:{Port}";
}
