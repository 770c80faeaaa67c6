using System.Collections.Immutable;
using System.Net;

namespace Telepresence.TrafficManager.Sessions;

/// <summary>The agents that have arrived, as an immutable list, and a signal when it changes.</summary>
internal sealed class AgentRegistry
{
    private readonly ChangeSignal _changes = new();
    private ImmutableArray<AgentSession> _agents = [];

    /// <summary>Ends with the next change.</summary>
    public Task Changed => _changes.Next;

    /// <summary>In the order of their pods' names.</summary>
    public ImmutableArray<AgentSession> All => _agents;

    /// <summary>Agents of a workload.</summary>
    public IEnumerable<AgentSession> Of(string workload, string ns, string kind) =>
        _agents.Where(agent => agent.Serves(workload, ns, kind));

    /// <summary>
    /// The agent that a connection of a client is to leave from: the one in the destination's pod, else one that the client
    /// intercepts, else any of the client's namespace (PROTOCOL §2.10). Only one that can be asked to dial counts.
    /// </summary>
    public AgentSession? Choose(IPAddress destination, string clientNamespace, Func<AgentSession, bool> isIntercepted)
    {
        AgentSession? any = null;
        AgentSession? intercepted = null;
        foreach (var agent in _agents)
        {
            if (!agent.Dials.IsWatched)
                continue;
            if (destination.Equals(agent.PodAddress))
                return agent;
            if (intercepted is null && isIntercepted(agent))
                intercepted = agent;
            if (agent.Agent.Namespace == clientNamespace)
                any ??= agent;
        }
        return intercepted ?? any;
    }

    public void Add(AgentSession agent)
    {
        ImmutableInterlocked.Update(
            ref _agents,
            static (agents, added) =>
                agents
                    .Where(a => a.Id != added.Id)
                    .Append(added)
                    .OrderBy(a => a.Agent.PodName, StringComparer.Ordinal)
                    .ToImmutableArray(),
            agent
        );
        _changes.Raise();
    }

    public void Remove(AgentSession agent)
    {
        if (ImmutableInterlocked.Update(ref _agents, static (agents, removed) => agents.Remove(removed), agent))
            _changes.Raise();
    }
}
