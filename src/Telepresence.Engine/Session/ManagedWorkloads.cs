using Telepresence.Client.Objects;
using Telepresence.Engine.Manager;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Session;

/// <summary>The workloads of a namespace as a traffic-manager tells them.</summary>
internal static class ManagedWorkloads
{
    /// <exception cref="RpcException">The manager does not have the call, or does not manage the namespace.</exception>
    public static async Task<IReadOnlyList<TelepresenceWorkload>> ListAsync(
        ManagerConnection manager,
        string session,
        string ns,
        CancellationToken cancellationToken
    )
    {
        using var watch = manager.Client.WatchWorkloads(
            new WorkloadEventsRequest { SessionInfo = manager.Session, Namespace = ns },
            new CallOptions(CancellationToken: cancellationToken)
        );
        await foreach (var delta in watch.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            return
            [
                .. delta
                    .Events.Where(change => change.Type != WorkloadEvent.Types.Type.Deleted)
                    .Select(change => From(change.Workload, session))
                    .OrderBy(workload => workload.Name, StringComparer.Ordinal),
            ];
        }
        return [];
    }

    internal static TelepresenceWorkload From(WorkloadInfo workload, string session) =>
        new()
        {
            Name = workload.Name,
            Namespace = workload.Namespace,
            Kind = workload.Kind switch
            {
                WorkloadInfo.Types.Kind.Deployment => "Deployment",
                WorkloadInfo.Types.Kind.Replicaset => "ReplicaSet",
                WorkloadInfo.Types.Kind.Statefulset => "StatefulSet",
                WorkloadInfo.Types.Kind.Rollout => "Rollout",
                _ => "",
            },
            State = workload.State switch
            {
                WorkloadInfo.Types.State.Available => WorkloadState.Available,
                WorkloadInfo.Types.State.Progressing => WorkloadState.Progressing,
                WorkloadInfo.Types.State.Failure => WorkloadState.Failure,
                _ => WorkloadState.Unknown,
            },
            AgentState = workload.AgentState switch
            {
                WorkloadInfo.Types.AgentState.Installed => WorkloadAgentState.Installed,
                WorkloadInfo.Types.AgentState.Intercepted => WorkloadAgentState.Intercepted,
                _ => WorkloadAgentState.None,
            },
            Clients = [.. workload.InterceptClients.Select(intercept => intercept.Client)],
            Session = session,
        };
}
