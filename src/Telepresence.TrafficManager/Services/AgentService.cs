using System.Collections.Immutable;
using System.Net;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Intercepts;
using Telepresence.TrafficManager.Sessions;
using Telepresence.TrafficManager.Tunnels;
using static Telepresence.Protocol.Manager.ManagerMethods;

namespace Telepresence.TrafficManager.Services;

/// <summary>What the Manager service has to do with traffic-agents: their sessions, the watches of them, making one.</summary>
internal sealed class AgentService(
    TrafficManagerOptions options,
    SessionTable sessions,
    ClusterStateFeed feed,
    TunnelCounters counters,
    AgentArrival arrival,
    InterceptService intercepts
)
{
    public void AddTo(MethodTable methods)
    {
        methods.Unary(ArriveAsAgent, (agent, _) => new(Arrive(agent)));
        methods.Unary(ReconnectAgent, (request, _) => new(Return(request)));
        methods.Unary(ReportMetrics, (metrics, _) => new(Count(metrics)));
        methods.Unary(EnsureAgent, EnsureAsync);
        methods.ServerStreaming(WatchAgentPods, (r, ct) => WatchAsync(r, null, PodSnapshot(r), ct));
        methods.ServerStreaming(
            WatchAgents,
            (r, ct) => WatchAsync(r, null, AgentSnapshot, ct, everywhere: options.Release?.IsAtLeast(22) == false)
        );
        methods.ServerStreaming(WatchAgentsNS, (r, ct) => WatchAsync(r.Session, r.Namespaces, AgentSnapshot, ct));
        methods.ServerStreaming(WatchAgentPodsDelta, (r, ct) => WatchAsync(r, null, PodDelta(r), ct));
        methods.ServerStreaming(WatchAgentsDelta, (r, ct) => WatchAsync(r, null, AgentDelta(), ct));
        methods.ServerStreaming(
            WatchAgentPodsInNamespacesDelta,
            (r, ct) => WatchAsync(r.Session, r.Namespaces, PodDelta(r.Session), ct)
        );
        methods.ServerStreaming(
            WatchSessionEvents,
            (r, ct) => WatchAsync(r.Session, r.Namespaces.Count > 0 ? r.Namespaces : null, SessionEvents(r.Session), ct)
        );
        methods.ServerStreaming(WatchLookupDNS, WatchLookUpsAsync);
        methods.Unary(AgentLookupDNSResponse, (response, _) => new(Take(response)));
    }

    private SessionInfo Arrive(AgentInfo agent)
    {
        Check(agent);
        return new SessionInfo { SessionId = sessions.Arrive(agent).Id, ManagerInstallId = feed.Current.InstallId };
    }

    private Empty Return(ReconnectAgentRequest request)
    {
        Check(request.Agent ?? new AgentInfo());
        sessions.Return(request.Session?.SessionId ?? "", request.Agent!);
        return new Empty();
    }

    private static void Check(AgentInfo agent)
    {
        Arrival.Require(agent.Name, "name");
        Arrival.Require(agent.Namespace, "namespace");
        Arrival.Require(agent.PodName, "pod name");
        Arrival.Require(agent.Product, "product");
        Arrival.Require(agent.Version, "version");
        if (agent.Mechanisms.Count == 0)
            throw new RpcException(StatusCode.InvalidArgument, "mechanisms must not be empty");
    }

    private Empty Count(TunnelMetrics metrics)
    {
        counters.AddToCluster((long)Math.Min(metrics.IngressBytes, long.MaxValue));
        counters.AddFromCluster((long)Math.Min(metrics.EgressBytes, long.MaxValue));
        return new Empty();
    }

    private async ValueTask<AgentInfoSnapshot> EnsureAsync(
        EnsureAgentRequest request,
        CancellationToken cancellationToken
    )
    {
        var client = sessions.GetClient(request.Session?.SessionId);
        Arrival.Require(request.Name, "name");
        var ns = request.Namespace.Length > 0 ? request.Namespace : client.Client.Namespace;
        Arrival.RequireManaged(feed.Current, ns);
        var agents = options.Workloads is { } workloads
            ? await arrival
                .EnsureAsync(
                    client,
                    await workloads.FindAsync(request.Name, ns, cancellationToken).ConfigureAwait(false)
                        ?? throw new RpcException(
                            StatusCode.NotFound,
                            $"There is no Deployment, ReplicaSet, StatefulSet or Rollout {request.Name}.{ns}"
                        ),
                    cancellationToken
                )
                .ConfigureAwait(false)
            : Present(request.Name, ns);
        // 2.20 answers Empty, which reads as no agents.
        return options.Release?.IsAtLeast(21) == false ? new AgentInfoSnapshot() : AgentSnapshot(agents);
    }

    /// <summary>Where workloads are not known: agents of whatever kind.</summary>
    private ImmutableArray<AgentSession> Present(string name, string ns)
    {
        var agents = sessions.Agents.All.RemoveAll(a => !a.Serves(name, ns, a.Agent.Kind));
        return agents.IsEmpty
            ? throw new RpcException(
                StatusCode.Unavailable,
                $"{name}.{ns} has no traffic-agent, and this traffic-manager has no agent injector"
            )
            : agents;
    }

    /// <summary>Nothing is left to agents: this manager resolves all names, as those of 2.25 and later do.</summary>
    private async IAsyncEnumerable<DNSRequest> WatchLookUpsAsync(
        SessionInfo request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var session = sessions.GetAgent(request.SessionId);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session.Ended);
        await SessionWatch.SilenceAsync(session, ended.Token).ConfigureAwait(false);
        yield break;
    }

    private Empty Take(DNSAgentResponse response)
    {
        sessions.GetAgent(response.Session?.SessionId);
        return new Empty();
    }

    /// <param name="request">Whose watch.</param>
    /// <param name="namespaces">Null: the client's own.</param>
    /// <param name="encode">From the agents of those namespaces to a message; null: nothing to tell.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="everywhere">True: all namespaces.</param>
    private async IAsyncEnumerable<T> WatchAsync<T>(
        SessionInfo? request,
        IReadOnlyCollection<string>? namespaces,
        Func<ImmutableArray<AgentSession>, T?> encode,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        bool everywhere = false
    )
        where T : class
    {
        var client = sessions.GetClient(request?.SessionId);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, client.Ended);
        var wanted = namespaces ?? [client.Client.Namespace];
        while (true)
        {
            var changed = Task.WhenAny(sessions.Agents.Changed, sessions.Intercepts.Changed);
            if (
                encode([.. sessions.Agents.All.Where(a => everywhere || wanted.Contains(a.Agent.Namespace))]) is
                { } message
            )
                yield return message;
            await SessionWatch.UnlessEndedAsync(client, changed.WaitAsync(ended.Token)).ConfigureAwait(false);
        }
    }

    private static AgentInfoSnapshot AgentSnapshot(ImmutableArray<AgentSession> agents)
    {
        var snapshot = new AgentInfoSnapshot();
        snapshot.Agents.AddRange(agents.Select(a => a.Agent));
        return snapshot;
    }

    private Func<ImmutableArray<AgentSession>, AgentPodInfoSnapshot?> PodSnapshot(SessionInfo client) =>
        agents =>
        {
            var snapshot = new AgentPodInfoSnapshot();
            snapshot.Agents.AddRange(agents.Select(agent => Pod(agent, client.SessionId)));
            return snapshot;
        };

    private Func<ImmutableArray<AgentSession>, AgentPodInfoDelta?> PodDelta(SessionInfo? client) =>
        Delta(
            agent => Pod(agent, client?.SessionId ?? ""),
            (upserts, removals) =>
            {
                var delta = new AgentPodInfoDelta();
                delta.Upserts.Add(upserts);
                delta.Removals.Add(removals);
                return delta;
            }
        );

    private Func<ImmutableArray<AgentSession>, SessionEventsDelta?> SessionEvents(SessionInfo? client)
    {
        var pods = PodDelta(client);
        var own = InterceptDelta.Encoder();
        return agents =>
        {
            // The watch has checked the session before it asks for the first time.
            var delta = new SessionEventsDelta
            {
                AgentPods = pods(agents),
                Intercepts = own(intercepts.VisibleTo(sessions.GetClient(client?.SessionId))),
            };
            return delta.AgentPods is null && delta.Intercepts is null ? null : delta;
        };
    }

    private static Func<ImmutableArray<AgentSession>, AgentInfoDelta?> AgentDelta() =>
        Delta(
            agent => agent.Agent,
            (upserts, removals) =>
            {
                var delta = new AgentInfoDelta();
                delta.Upserts.Add(upserts);
                delta.Removals.Add(removals);
                return delta;
            }
        );

    /// <summary>What changed since the encoder was asked last; the first answer is everything, even if that is nothing.</summary>
    private static Func<ImmutableArray<AgentSession>, TDelta?> Delta<TItem, TDelta>(
        Func<AgentSession, TItem> encode,
        Func<Dictionary<string, TItem>, List<string>, TDelta> create
    )
        where TItem : class
        where TDelta : class
    {
        Dictionary<string, TItem>? known = null;
        return agents =>
        {
            var present = agents.ToDictionary(a => a.Id, encode);
            var upserts = present
                .Where(item => known?.GetValueOrDefault(item.Key)?.Equals(item.Value) != true)
                .ToDictionary();
            var removals = known?.Keys.Except(present.Keys).ToList() ?? [];
            var isFirst = known is null;
            known = present;
            return isFirst || upserts.Count > 0 || removals.Count > 0 ? create(upserts, removals) : null;
        };
    }

    private AgentPodInfo Pod(AgentSession session, string client)
    {
        var agent = session.Agent;
        return new AgentPodInfo
        {
            PodName = agent.PodName,
            Namespace = agent.Namespace,
            PodIp = ByteString.CopyFrom(session.PodAddress?.GetAddressBytes() ?? []),
            ApiPort = agent.ApiPort,
            Intercepted = sessions.Intercepts.IsIntercepted(session, client),
            WorkloadName = agent.Name,
            PodId = agent.PodUid,
            NodeAgent = agent.NodeAgent,
            Version = agent.Version,
        };
    }
}
