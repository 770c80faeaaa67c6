using System.Collections.Immutable;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Sessions;

namespace Telepresence.TrafficManager.Intercepts;

/// <summary>An intercept of a client, or one of the further ports of another.</summary>
/// <param name="Info">As peers are told; never changed, only replaced.</param>
/// <param name="Parent">Id of the intercept whose further port this is; null: it is one of a client's own.</param>
/// <param name="Order">The earlier one has the lower.</param>
internal sealed record Intercept(InterceptInfo Info, string? Parent, long Order)
{
    /// <summary>Sessions of the agents that are ready to serve it.</summary>
    public ImmutableHashSet<string> Approvals { get; init; } = [];

    public string Id => Info.Id;

    public InterceptSpec Spec => Info.Spec;

    public string Session => Info.ClientSession.SessionId;

    /// <summary>The one that a user knows by name.</summary>
    public string Root => Parent ?? Id;

    /// <summary>True: an agent may still serve it.</summary>
    public bool IsLive => Info.Disposition is InterceptDispositionType.Waiting or InterceptDispositionType.Active;

    public bool IsOf(AgentSession agent) => agent.Serves(Spec.Agent, Spec.Namespace, Spec.WorkloadKind);

    public Intercept With(InterceptDispositionType disposition, string message)
    {
        var info = Info.Clone();
        info.Disposition = disposition;
        info.Message = message;
        return this with { Info = info, Approvals = [] };
    }

    public static string IdOf(string session, string name) => $"{session}:{name}";
}
