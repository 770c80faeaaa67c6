using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Sessions;
using static Telepresence.Protocol.Manager.ManagerMethods;

namespace Telepresence.TrafficManager.Services;

/// <summary>What the Manager service tells of workloads.</summary>
internal sealed class WorkloadService(TrafficManagerOptions options, SessionTable sessions, ClusterStateFeed feed)
{
    // Changes that come together are told together.
    private static readonly TimeSpan CollectingTime = TimeSpan.FromMilliseconds(5);

    public void AddTo(MethodTable methods)
    {
        methods.Unary(GetKnownWorkloadKinds, (session, _) => new(KnownKinds(session)));
        methods.ServerStreaming(WatchWorkloads, WatchAsync);
    }

    private KnownWorkloadKinds KnownKinds(SessionInfo session)
    {
        sessions.Get(session.SessionId);
        var kinds = new KnownWorkloadKinds();
        kinds.Kinds.AddRange(System.Enum.GetValues<WorkloadKind>().Select(ToMessage));
        return kinds;
    }

    private async IAsyncEnumerable<WorkloadEventsDelta> WatchAsync(
        WorkloadEventsRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (request.SessionInfo is null)
            throw new RpcException(StatusCode.InvalidArgument, "SessionInfo is missing");
        var client = sessions.GetClient(request.SessionInfo.SessionId);
        var ns = request.Namespace.Length > 0 ? request.Namespace : client.Client.Namespace;
        Arrival.RequireManaged(feed.Current, ns);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, client.Ended);
        var workloadsChanged = new ChangeSignal();
        if (options.Workloads is { } workloads)
            workloads.Changed += workloadsChanged.Raise;
        try
        {
            Dictionary<string, WorkloadInfo>? known = null;
            while (true)
            {
                var changed = Task.WhenAny(workloadsChanged.Next, sessions.Agents.Changed, sessions.Intercepts.Changed);
                var present = await SessionWatch
                    .UnlessEndedAsync(client, ListAsync(ns, ended.Token))
                    .ConfigureAwait(false);
                var delta = Delta(known, present);
                // Before 2.21 the first delta, which is everything, is missing.
                var isTold = known is null ? options.Release?.IsAtLeast(21) != false : delta.Events.Count > 0;
                if (isTold)
                    yield return delta;
                known = present;
                await SessionWatch.UnlessEndedAsync(client, CollectAsync(changed, ended.Token)).ConfigureAwait(false);
            }
        }
        finally
        {
            if (options.Workloads is { } watched)
                watched.Changed -= workloadsChanged.Raise;
        }
    }

    private async Task CollectAsync(Task changed, CancellationToken cancellationToken)
    {
        await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        await Task.Delay(CollectingTime, options.TimeProvider, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<Dictionary<string, WorkloadInfo>> ListAsync(
        string ns,
        CancellationToken cancellationToken
    ) =>
        options.Workloads is { } workloads
            ? (await workloads.ListAsync(ns, cancellationToken).ConfigureAwait(false)).ToDictionary(
                w => w.Uid,
                Describe
            )
            : [];

    private WorkloadInfo Describe(ClusterWorkload workload)
    {
        var info = new WorkloadInfo
        {
            Kind = ToMessage(workload.Kind),
            Name = workload.Name,
            Namespace = workload.Namespace,
            Uid = workload.Uid,
            State = WorkloadInfo.Types.State.Available,
            AgentState = sessions.Agents.Of(workload.Name, workload.Namespace, workload.Kind.ToString()).Any()
                ? WorkloadInfo.Types.AgentState.Installed
                : WorkloadInfo.Types.AgentState.NoAgentUnspecified,
        };
        var clients = sessions
            .Intercepts.All.Where(i =>
                i.Parent is null
                && i.IsLive
                && i.Spec.Agent == workload.Name
                && i.Spec.Namespace == workload.Namespace
                && i.Spec.WorkloadKind == workload.Kind.ToString()
            )
            .Select(i => i.Spec.Client)
            .Distinct();
        info.InterceptClients.AddRange(clients.Select(c => new WorkloadInfo.Types.Intercept { Client = c }));
        if (info.InterceptClients.Count > 0)
            info.AgentState = WorkloadInfo.Types.AgentState.Intercepted;
        return info;
    }

    private WorkloadEventsDelta Delta(Dictionary<string, WorkloadInfo>? known, Dictionary<string, WorkloadInfo> present)
    {
        var delta = new WorkloadEventsDelta { Since = Timestamp.FromDateTimeOffset(options.TimeProvider.GetUtcNow()) };
        foreach (var (uid, workload) in present)
        {
            var before = known?.GetValueOrDefault(uid);
            if (before is null)
                Add(WorkloadEvent.Types.Type.AddedUnspecified, workload);
            else if (!before.Equals(workload))
                Add(WorkloadEvent.Types.Type.Modified, workload);
        }
        foreach (var (uid, workload) in known ?? [])
            if (!present.ContainsKey(uid))
                Add(WorkloadEvent.Types.Type.Deleted, workload);
        return delta;

        void Add(WorkloadEvent.Types.Type type, WorkloadInfo workload) =>
            delta.Events.Add(new WorkloadEvent { Type = type, Workload = workload });
    }

    private static WorkloadInfo.Types.Kind ToMessage(WorkloadKind kind) =>
        kind switch
        {
            WorkloadKind.Deployment => WorkloadInfo.Types.Kind.Deployment,
            WorkloadKind.ReplicaSet => WorkloadInfo.Types.Kind.Replicaset,
            WorkloadKind.StatefulSet => WorkloadInfo.Types.Kind.Statefulset,
            WorkloadKind.Rollout => WorkloadInfo.Types.Kind.Rollout,
            _ => WorkloadInfo.Types.Kind.Unspecified,
        };
}
