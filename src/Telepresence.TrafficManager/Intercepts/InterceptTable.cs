using System.Collections.Immutable;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Sessions;

namespace Telepresence.TrafficManager.Intercepts;

/// <summary>
/// The intercepts of all clients, and a signal when they change. They live as long as their client's session, and follow the
/// agents that come and go.
/// </summary>
internal sealed class InterceptTable(AgentRegistry agents, TimeProvider time)
{
    public const string Waiting = "Waiting for Agent approval";

    private readonly Lock _lock = new();
    private readonly ChangeSignal _changes = new();
    private ImmutableArray<Intercept> _intercepts = [];
    private long _order;

    /// <summary>Ends with the next change.</summary>
    public Task Changed => _changes.Next;

    /// <summary>In the order in which they were made.</summary>
    public ImmutableArray<Intercept> All => _intercepts;

    public Intercept? Find(string id) => _intercepts.FirstOrDefault(i => i.Id == id);

    /// <summary>True: the client has an intercept of that agent's workload.</summary>
    public bool IsIntercepted(AgentSession agent, string session) =>
        _intercepts.Any(i => i.Session == session && i.IsLive && i.IsOf(agent));

    /// <summary>Names of the containers of a workload that clients stand in for.</summary>
    public IReadOnlySet<string> Replaced(string workload, string ns, string kind) =>
        _intercepts
            .Where(i =>
                i.Spec.Replace
                && i.Parent is null
                && i.Spec.Agent == workload
                && i.Spec.Namespace == ns
                && i.Spec.WorkloadKind == kind
            )
            .Select(i => i.Spec.ContainerName)
            .ToHashSet(StringComparer.Ordinal);

    /// <summary>Adds an intercept and those of its further ports; they wait for an agent.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="spec">Resolved.</param>
    /// <param name="further">Further ports.</param>
    /// <param name="refusesConflicts">False: agents find conflicts, as they do with upstream's managers.</param>
    /// <exception cref="RpcException">AlreadyExists: the client has one of that name. FailedPrecondition: a conflict.</exception>
    public InterceptInfo Add(
        ClientSession client,
        InterceptSpec spec,
        IReadOnlyList<FurtherPort> further,
        bool refusesConflicts
    )
    {
        lock (_lock)
        {
            var id = Intercept.IdOf(client.Id, spec.Name);
            if (Find(id) is not null)
                throw new RpcException(StatusCode.AlreadyExists, $"Intercept named \"{spec.Name}\" already exists");
            if (client.Ended.IsCancellationRequested)
                throw new RpcException(StatusCode.Cancelled, "The session ended");
            var specs = further.Select(port => Child(spec, port)).Prepend(spec).ToList();
            foreach (var one in refusesConflicts ? specs : [])
                if (InterceptConflict.Find(one, id, _intercepts) is { } other)
                    throw new RpcException(StatusCode.FailedPrecondition, InterceptConflict.Describe(one, other));
            Set(_intercepts.AddRange(specs.Select((one, index) => New(client.Id, one, index == 0 ? null : id))));
            return Find(id)!.Info;
        }
    }

    /// <summary>Puts back what a client says it had; what is there already stays.</summary>
    public void Restore(ClientSession client, IEnumerable<InterceptInfo> intercepts)
    {
        lock (_lock)
        {
            var restored = intercepts
                .Where(info => info.Spec is not null && info.Id == Intercept.IdOf(client.Id, info.Spec.Name))
                .Where(info => Find(info.Id) is null)
                .Select(info => info.Clone())
                .ToList();
            foreach (var info in restored)
            {
                info.ClientSession = new SessionInfo { SessionId = client.Id };
                if (
                    info.Disposition == InterceptDispositionType.Active
                    && agents.All.Any(a => a.Agent.PodIp == info.PodIp)
                )
                    continue;
                // An agent that has not come back yet approves it again when it does; until then it serves on.
                info.Disposition = InterceptDispositionType.Waiting;
                info.Message = Waiting;
            }
            Set(_intercepts.AddRange(restored.SelectMany(info => WithChildren(client, info))));
        }
    }

    /// <summary>False: there is none.</summary>
    public bool Remove(string id)
    {
        lock (_lock)
        {
            var rest = _intercepts.RemoveAll(i => i.Id == id || i.Parent == id);
            return Set(rest);
        }
    }

    /// <returns>Those that were removed.</returns>
    public ImmutableArray<Intercept> RemoveOf(ClientSession client)
    {
        lock (_lock)
        {
            var removed = _intercepts.Where(i => i.Session == client.Id).ToImmutableArray();
            Set(_intercepts.RemoveRange(removed));
            return removed;
        }
    }

    /// <summary>An agent says how it is with an intercept.</summary>
    /// <exception cref="RpcException">NotFound.</exception>
    public void Review(AgentSession agent, ReviewInterceptRequest review, Func<string, bool> isExcluded)
    {
        lock (_lock)
        {
            var intercept =
                Find(review.Id) is { } found && found.IsOf(agent)
                    ? found
                    : throw new RpcException(StatusCode.NotFound, $"Intercept \"{review.Id}\" not found");
            if (intercept.Info.Disposition != InterceptDispositionType.Waiting)
                return;
            if (review.Disposition != InterceptDispositionType.Active)
            {
                Replace(intercept, intercept.With(review.Disposition, review.Message));
                if (intercept.Parent is { } parent && Find(parent) is { } whole)
                    Replace(whole, whole.With(review.Disposition, review.Message));
                return;
            }
            // The first to answer is the one that the client hears of.
            var info = intercept.Info;
            if (intercept.Approvals.IsEmpty)
            {
                info = info.Clone();
                info.MechanismArgsDesc = review.MechanismArgsDesc;
                Fill(info, agent.Agent, review, isExcluded);
            }
            var approved = intercept with { Info = info, Approvals = intercept.Approvals.Add(agent.Id) };
            Replace(intercept, IsApproved(approved) ? Activated(approved) : approved);
        }
    }

    /// <summary>Agents came or went: what was served by one that is gone waits for another.</summary>
    public void FollowAgents()
    {
        lock (_lock)
        {
            var present = agents.All;
            var next = _intercepts;
            foreach (var intercept in _intercepts.Where(i => i.Info.Disposition != InterceptDispositionType.AgentError))
            {
                var serving = present.Where(intercept.IsOf).ToList();
                var info = intercept.Info;
                if (serving.Count == 0 && info.Disposition == InterceptDispositionType.Active)
                    next = next.Replace(
                        intercept,
                        intercept.With(
                            InterceptDispositionType.NoAgent,
                            $"No agent found for {intercept.Spec.Agent}.{intercept.Spec.Namespace}"
                        )
                    );
                else if (
                    serving.Count > 0
                    && (
                        info.Disposition == InterceptDispositionType.NoAgent
                        || (
                            info.Disposition == InterceptDispositionType.Active
                            && serving.All(a => a.Agent.PodIp != info.PodIp)
                        )
                    )
                )
                    next = next.Replace(intercept, intercept.With(InterceptDispositionType.Waiting, Waiting));
                else if (info.Disposition == InterceptDispositionType.Waiting && IsApproved(intercept))
                    next = next.Replace(intercept, Activated(intercept));
            }
            Set(next);
        }
    }

    /// <summary>The specification of a further port (PROTOCOL §6.1 4).</summary>
    private static InterceptSpec Child(InterceptSpec parent, FurtherPort port)
    {
        var child = parent.Clone();
        child.Name = $"{parent.Name}-{port.ContainerPort}-{port.Protocol.ToLowerInvariant()}";
        child.Client = InterceptConflict.ChildPrefix + parent.Client;
        child.ContainerPort = port.ContainerPort;
        child.PortIdentifier = $"{port.ContainerPort}/{port.Protocol}";
        child.TargetPort = port.TargetPort;
        child.Protocol = port.Protocol;
        child.PodPorts.Clear();
        child.LocalPorts.Clear();
        return child;
    }

    private static void Fill(
        InterceptInfo info,
        AgentInfo agent,
        ReviewInterceptRequest review,
        Func<string, bool> isExcluded
    )
    {
        info.PodIp = review.PodIp;
        info.PodName = agent.PodName;
        info.ApiPort = agent.ApiPort;
        info.SftpPort = review.SftpPort;
        info.FtpPort = review.FtpPort;
        info.MountPoint = review.MountPoint;
        info.Mounts.Clear();
        info.Mounts.Add(review.Mounts);
        info.Environment.Clear();
        foreach (var (name, value) in review.Environment)
            if (!isExcluded(name))
                info.Environment.Add(name, value);
    }

    /// <summary>True: wherever a caller is led, the intercept is served. Before that a client would be told too early.</summary>
    private bool IsApproved(Intercept intercept) =>
        !intercept.Approvals.IsEmpty
        && agents.All.Where(intercept.IsOf).All(agent => intercept.Approvals.Contains(agent.Id));

    private Intercept Activated(Intercept intercept)
    {
        var active = intercept.With(InterceptDispositionType.Active, "");
        active.Info.ModifiedAt = Now();
        return active;
    }

    private Intercept New(string session, InterceptSpec spec, string? parent) =>
        new(
            new InterceptInfo
            {
                Spec = spec,
                Id = Intercept.IdOf(session, spec.Name),
                ClientSession = new SessionInfo { SessionId = session },
                Disposition = InterceptDispositionType.Waiting,
                Message = Waiting,
                ModifiedAt = Now(),
            },
            parent,
            _order++
        );

    private IEnumerable<Intercept> WithChildren(ClientSession client, InterceptInfo info)
    {
        yield return new Intercept(info, null, _order++);
        foreach (var text in info.Spec.PodPorts)
            if (FurtherPort.TryParse(text, out var port))
                yield return New(client.Id, Child(info.Spec, port), info.Id);
    }

    private void Replace(Intercept old, Intercept present) => Set(_intercepts.Replace(old, present));

    private bool Set(ImmutableArray<Intercept> next)
    {
        if (next == _intercepts)
            return false;
        _intercepts = next;
        _changes.Raise();
        return true;
    }

    private Timestamp Now() => Timestamp.FromDateTimeOffset(time.GetUtcNow());
}
