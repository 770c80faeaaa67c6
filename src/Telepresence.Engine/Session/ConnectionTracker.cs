using Telepresence.Client.Objects;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Session;

/// <summary>One change of a flow; what a view of it is made from.</summary>
internal sealed record FlowChange(
    EngineSession Session,
    IFlow Flow,
    ConnectionChange Change,
    string State,
    string PreviousState
);

/// <summary>
/// Finds what changed between two looks at the flows. Flows that came and went in between are told of too, because their
/// openings are noted apart.
/// </summary>
internal sealed class ConnectionTracker
{
    private const string ClosedState = "Closed";

    private readonly Dictionary<IFlow, Known> _known = new(ReferenceEqualityComparer.Instance);
    private long _looks;

    /// <summary>Takes flows for known without a change.</summary>
    public void Begin(IEnumerable<(EngineSession Session, IFlow Flow)> present)
    {
        foreach (var (session, flow) in present)
            _known[flow] = new Known(session, flow.Statistics.State, _looks);
    }

    /// <summary>The changes since the last look.</summary>
    /// <param name="present">The flows of this moment, looked up before <paramref name="opened"/> was taken.</param>
    /// <param name="opened">Noted when they opened, since the last look.</param>
    public IReadOnlyList<FlowChange> Look(
        IReadOnlyList<(EngineSession Session, IFlow Flow)> present,
        IReadOnlyList<(EngineSession Session, IFlow Flow)> opened
    )
    {
        _looks++;
        var changes = new List<FlowChange>();
        foreach (var (session, flow) in opened.Concat(present))
        {
            var state = flow.Statistics.State;
            if (_known.TryAdd(flow, new Known(session, state, _looks)))
                changes.Add(new FlowChange(session, flow, ConnectionChange.Opened, state, ""));
        }
        var there = present.Select(p => p.Flow).ToHashSet<IFlow>(ReferenceEqualityComparer.Instance);
        foreach (var (flow, known) in _known)
        {
            // One that has just opened may come into the stack's tables a moment later.
            if (!there.Contains(flow) && known.Since < _looks)
            {
                _known.Remove(flow);
                changes.Add(new FlowChange(known.Session, flow, ConnectionChange.Closed, ClosedState, known.State));
            }
            else if (flow.Statistics.State is var state && state != known.State)
            {
                _known[flow] = known with { State = state };
                changes.Add(new FlowChange(known.Session, flow, ConnectionChange.StateChanged, state, known.State));
            }
        }
        return changes;
    }

    /// <param name="Since">The look that first saw it.</param>
    private sealed record Known(EngineSession Session, string State, long Since);
}
