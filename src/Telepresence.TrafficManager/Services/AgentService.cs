using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Sessions;
using Telepresence.TrafficManager.Tunnels;
using static Telepresence.Protocol.Manager.ManagerMethods;

namespace Telepresence.TrafficManager.Services;

/// <summary>What the Manager service has to do with traffic-agents: their sessions, the watches of them, making one.</summary>
internal sealed class AgentService(
    TrafficManagerOptions options,
    SessionTable sessions,
    ClusterStateFeed feed,
    TunnelCounters counters
)
{
    public void AddTo(MethodTable methods)
    {
        methods.Unary(ArriveAsAgent, (agent, _) => new(Arrive(agent)));
        methods.Unary(ReconnectAgent, (request, _) => new(Return(request)));
        methods.Unary(ReportMetrics, (metrics, _) => new(Count(metrics)));
        methods.Unary(EnsureAgent, EnsureAsync);
        methods.ServerStreaming(WatchAgentPods, (r, ct) => WatchAsync(r, null, PodSnapshot, ct));
        methods.ServerStreaming(
            WatchAgents,
            (r, ct) => WatchAsync(r, null, AgentSnapshot, ct, everywhere: options.Release?.IsAtLeast(22) == false)
        );
        methods.ServerStreaming(WatchAgentsNS, (r, ct) => WatchAsync(r.Session, r.Namespaces, AgentSnapshot, ct));
        methods.ServerStreaming(WatchAgentPodsDelta, (r, ct) => WatchAsync(r, null, PodDelta(), ct));
        methods.ServerStreaming(WatchAgentsDelta, (r, ct) => WatchAsync(r, null, AgentDelta(), ct));
        methods.ServerStreaming(
            WatchAgentPodsInNamespacesDelta,
            (r, ct) => WatchAsync(r.Session, r.Namespaces, PodDelta(), ct)
        );
        methods.ServerStreaming(
            WatchSessionEvents,
            (r, ct) => WatchAsync(r.Session, r.Namespaces.Count > 0 ? r.Namespaces : null, SessionEvents(), ct)
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
        using var timeout = new CancellationTokenSource(options.AgentArrivalTimeout, options.TimeProvider);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken,
            client.Ended,
            timeout.Token
        );
        try
        {
            return await SessionWatch
                .UnlessEndedAsync(client, EnsureAsync(request.Name, ns, ended.Token))
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            throw new RpcException(
                StatusCode.Internal,
                $"No traffic-agent of {request.Name}.{ns} arrived within {options.AgentArrivalTimeout.TotalSeconds} s"
            );
        }
    }

    private async ValueTask<AgentInfoSnapshot> EnsureAsync(string name, string ns, CancellationToken cancellationToken)
    {
        var kind = "";
        if (options.Workloads is { } workloads)
        {
            var workload =
                await workloads.FindAsync(name, ns, cancellationToken).ConfigureAwait(false)
                ?? throw new RpcException(
                    StatusCode.NotFound,
                    $"There is no Deployment, ReplicaSet, StatefulSet or Rollout {name}.{ns}"
                );
            kind = workload.Kind.ToString();
            if (options.Injection is { } injection && !sessions.Agents.Of(name, ns, kind).Any())
                await InjectAsync(injection, workload, cancellationToken).ConfigureAwait(false);
        }
        while (true)
        {
            var changed = sessions.Agents.Changed;
            var agents = sessions
                .Agents.All.Where(a => kind.Length == 0 ? a.Serves(name, ns, a.Agent.Kind) : a.Serves(name, ns, kind))
                .ToImmutableArray();
            // 2.20 answers Empty, which reads as no agents.
            if (!agents.IsEmpty)
                return options.Release?.IsAtLeast(21) == false ? new AgentInfoSnapshot() : AgentSnapshot(agents);
            if (options.Injection is null)
                throw new RpcException(
                    StatusCode.Unavailable,
                    $"{name}.{ns} has no traffic-agent, and this traffic-manager has no agent injector"
                );
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever injection fails with is told to the client.")]
    private static async Task InjectAsync(
        Cluster.IAgentInjection injection,
        Cluster.ClusterWorkload workload,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await injection.EnsureAsync(workload, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new RpcException(
                new Status(
                    StatusCode.Internal,
                    $"{workload.Kind} {workload.Name}.{workload.Namespace} gets no traffic-agent: {e.Message}",
                    e
                )
            );
        }
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
            var changed = sessions.Agents.Changed;
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

    private static AgentPodInfoSnapshot PodSnapshot(ImmutableArray<AgentSession> agents)
    {
        var snapshot = new AgentPodInfoSnapshot();
        snapshot.Agents.AddRange(agents.Select(Pod));
        return snapshot;
    }

    private static Func<ImmutableArray<AgentSession>, AgentPodInfoDelta?> PodDelta() =>
        Delta(
            Pod,
            (upserts, removals) =>
            {
                var delta = new AgentPodInfoDelta();
                delta.Upserts.Add(upserts);
                delta.Removals.Add(removals);
                return delta;
            }
        );

    /// <summary>There are no intercepts, so only agents' pods are told of.</summary>
    private static Func<ImmutableArray<AgentSession>, SessionEventsDelta?> SessionEvents()
    {
        var pods = PodDelta();
        return agents => pods(agents) is { } delta ? new SessionEventsDelta { AgentPods = delta } : null;
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
        where TDelta : class
    {
        Dictionary<string, AgentSession>? known = null;
        return agents =>
        {
            var upserts = agents
                .Where(a => known is null || known.GetValueOrDefault(a.Id) != a)
                .ToDictionary(a => a.Id, encode);
            var removals = known?.Keys.Except(agents.Select(a => a.Id)).ToList() ?? [];
            var isFirst = known is null;
            known = agents.ToDictionary(a => a.Id);
            return isFirst || upserts.Count > 0 || removals.Count > 0 ? create(upserts, removals) : null;
        };
    }

    private static AgentPodInfo Pod(AgentSession session)
    {
        var agent = session.Agent;
        return new AgentPodInfo
        {
            PodName = agent.PodName,
            Namespace = agent.Namespace,
            PodIp = ByteString.CopyFrom(session.PodAddress?.GetAddressBytes() ?? []),
            ApiPort = agent.ApiPort,
            WorkloadName = agent.Name,
            PodId = agent.PodUid,
            NodeAgent = agent.NodeAgent,
            Version = agent.Version,
        };
    }
}
