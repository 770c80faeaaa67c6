using System.Net;
using Telepresence.Protocol.Manager;

namespace Telepresence.TrafficManager.Sessions;

/// <summary>A traffic-agent that has arrived.</summary>
internal sealed class AgentSession(string id, AgentInfo agent, TimeSpan timeToLive, long arrived)
    : Session(id, timeToLive, arrived)
{
    /// <summary>What session ids of agents begin with.</summary>
    public const string IdPrefix = "agent:";

    public AgentInfo Agent => agent;

    /// <summary>Of its pod; null when the agent told none.</summary>
    public IPAddress? PodAddress { get; } = IPAddress.TryParse(agent.PodIp, out var address) ? address : null;

    /// <summary>Never: an agent whose session is lost may be carrying a client's connection all the same.</summary>
    public override CancellationToken TunnelsEnd => CancellationToken.None;

    /// <summary>True: an agent of that workload.</summary>
    public bool Serves(string workload, string ns, string kind) =>
        agent.Name == workload && agent.Namespace == ns && (agent.Kind.Length == 0 || agent.Kind == kind);
}
