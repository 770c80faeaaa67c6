using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Sessions;
using static Telepresence.Protocol.Manager.ManagerMethods;

namespace Telepresence.TrafficManager.Services;

/// <summary>What clients ask of the agent injector besides an agent: its image, a configuration, to take agents away.</summary>
internal sealed class InjectionService(TrafficManagerOptions options, SessionTable sessions, ClusterStateFeed feed)
{
    public void AddTo(MethodTable methods)
    {
        methods.Unary(GetAgentImageFQN, (_, _) => new(Image()));
        methods.Unary(GetAgentConfig, ConfigurationAsync);
        methods.Unary(UninstallAgents, UninstallAsync);
    }

    private AgentImageFQN Image() =>
        options is { Injection: not null, AgentImage: { } image }
            ? new AgentImageFQN { FQN = image }
            : throw NoInjector();

    private async ValueTask<AgentConfigResponse> ConfigurationAsync(
        AgentConfigRequest request,
        CancellationToken cancellationToken
    )
    {
        var client = sessions.GetClient(request.Session?.SessionId);
        Arrival.Require(request.Name, "name");
        var ns = request.Namespace.Length > 0 ? request.Namespace : client.Client.Namespace;
        Arrival.RequireManaged(feed.Current, ns);
        var (workloads, injection) = Injector();
        var configuration = await workloads.FindAsync(request.Name, ns, cancellationToken).ConfigureAwait(false)
            is { } workload
            ? await injection.GetConfigurationAsync(workload, cancellationToken).ConfigureAwait(false)
            : null;
        return configuration is null
            ? throw new RpcException(StatusCode.NotFound, $"{request.Name}.{ns} has no traffic-agent")
            : new AgentConfigResponse { Data = ByteString.CopyFromUtf8(configuration) };
    }

    private async ValueTask<Empty> UninstallAsync(UninstallAgentsRequest request, CancellationToken cancellationToken)
    {
        var client = sessions.GetClient(request.SessionInfo?.SessionId);
        var (workloads, injection) = Injector();
        var present = await workloads.ListAsync(client.Client.Namespace, cancellationToken).ConfigureAwait(false);
        foreach (var workload in present.Where(w => request.Agents.Count == 0 || request.Agents.Contains(w.Name)))
            await injection.RemoveAsync(workload, cancellationToken).ConfigureAwait(false);
        return new Empty();
    }

    private (IClusterWorkloads, IAgentInjection) Injector() =>
        options is { Workloads: { } workloads, Injection: { } injection } ? (workloads, injection) : throw NoInjector();

    private static RpcException NoInjector() =>
        new(StatusCode.Unavailable, "This traffic-manager has no agent injector");
}
