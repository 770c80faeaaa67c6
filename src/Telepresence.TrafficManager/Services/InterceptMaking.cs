using Google.Protobuf;
using Telepresence.Protocol.Common;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Injection;
using Telepresence.TrafficManager.Intercepts;
using Telepresence.TrafficManager.Sessions;

namespace Telepresence.TrafficManager.Services;

/// <summary>From what a client asks for to an intercept that an agent is asked to serve, and back (PROTOCOL §6.1).</summary>
internal sealed class InterceptMaking(
    TrafficManagerOptions options,
    SessionTable sessions,
    InterceptTable intercepts,
    AgentArrival arrival,
    ClusterStateFeed feed
) : IAsyncDisposable
{
    // Undoing a replacement must end also where the API server does not answer.
    private static readonly TimeSpan RestoreLimit = TimeSpan.FromMinutes(1);

    private readonly OwnedTasks _restoring = new();
    private readonly CancellationTokenSource _stopping = new();

    // Releases without it leave conflicts to their agents.
    private bool RefusesConflicts => options.Release is null;

    /// <summary>Tells what an intercept would take; what is wrong with it is told in the answer.</summary>
    public async ValueTask<PreparedIntercept> PrepareAsync(
        CreateInterceptRequest request,
        CancellationToken cancellationToken
    )
    {
        var client = sessions.GetClient(request.Session?.SessionId);
        var spec = Specification(client, request);
        try
        {
            var (workload, ports) = await ResolveAsync(spec, cancellationToken).ConfigureAwait(false);
            var resolved = Resolved(spec, workload, ports);
            if (RefusesConflicts)
            {
                var id = Intercept.IdOf(client.Id, spec.Name);
                if (InterceptConflict.Find(resolved, id, intercepts.All) is { } other)
                    throw new InterceptException(InterceptConflict.Describe(resolved, other));
            }
            return Describe(resolved, ports);
        }
        catch (InterceptException e)
        {
            return new PreparedIntercept { Error = e.Message, ErrorCategory = (int)Result.Types.ErrorCategory.User };
        }
    }

    /// <summary>Makes sure of an agent, and makes the intercept; it waits for the agent's approval.</summary>
    public async ValueTask<InterceptInfo> CreateAsync(
        CreateInterceptRequest request,
        CancellationToken cancellationToken
    )
    {
        var client = sessions.GetClient(request.Session?.SessionId);
        var spec = Specification(client, request);
        if (intercepts.Find(Intercept.IdOf(client.Id, spec.Name)) is not null)
            throw new RpcException(StatusCode.AlreadyExists, $"Intercept named \"{spec.Name}\" already exists");
        InterceptInfo info;
        ClusterWorkload workload;
        try
        {
            (workload, var ports) = await ResolveAsync(spec, cancellationToken).ConfigureAwait(false);
            // Taken before the agents come, so that of two who ask at the same time one is told at once.
            info = intercepts.Add(client, Resolved(spec, workload, ports), ports.Further, RefusesConflicts);
        }
        catch (InterceptException e)
        {
            throw new RpcException(StatusCode.FailedPrecondition, e.Message);
        }
        try
        {
            await arrival.EnsureAsync(client, workload, cancellationToken).ConfigureAwait(false);
            // Agents that came meanwhile may have answered already.
            return intercepts.Find(info.Id)?.Info
                ?? throw new RpcException(StatusCode.Cancelled, $"Intercept \"{spec.Name}\" was removed meanwhile");
        }
        catch
        {
            if (intercepts.Find(info.Id) is { } failed && intercepts.Remove(info.Id))
                Restore([failed]);
            throw;
        }
    }

    /// <summary>Has containers run again for which nobody stands in any more.</summary>
    public void Restore(IEnumerable<Intercept> removed)
    {
        // Whoever stands in goes on to do so while the manager is restarted.
        if (_stopping.IsCancellationRequested)
            return;
        foreach (var intercept in removed.Where(i => i.Spec.Replace && i.Parent is null))
            _restoring.Add(RestoreAsync(intercept));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _restoring.WhenAllAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RestoreAsync(Intercept intercept)
    {
        if (options is not { Workloads: { } workloads, Injection: { } injection })
            return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        limit.CancelAfter(RestoreLimit);
        var spec = intercept.Spec;
        if (await workloads.FindAsync(spec.Agent, spec.Namespace, limit.Token).ConfigureAwait(false) is { } workload)
            await injection
                .EnsureAsync(
                    workload,
                    intercepts.Replaced(workload.Name, workload.Namespace, workload.Kind.ToString()),
                    limit.Token
                )
                .ConfigureAwait(false);
    }

    private InterceptSpec Specification(ClientSession client, CreateInterceptRequest request)
    {
        var spec = request.InterceptSpec?.Clone() ?? new InterceptSpec();
        Arrival.Require(spec.Name, "name");
        Arrival.Require(spec.Agent, "agent");
        if (spec.Namespace.Length == 0)
            spec.Namespace = client.Client.Namespace;
        if (spec.Client.Length == 0)
            spec.Client = client.Client.Name;
        Arrival.RequireManaged(feed.Current, spec.Namespace);
        return spec;
    }

    /// <exception cref="InterceptException">The workload, or a port, is not there, or a filter makes no sense.</exception>
    private async ValueTask<(ClusterWorkload, ResolvedPorts)> ResolveAsync(
        InterceptSpec spec,
        CancellationToken cancellationToken
    )
    {
        if (options is not { Workloads: { } workloads, Injection: not null })
            throw new RpcException(StatusCode.Unavailable, "This traffic-manager has no agent injector");
        var workload = await workloads.FindAsync(spec.Agent, spec.Namespace, cancellationToken).ConfigureAwait(false);
        if (
            workload is null
            || await workloads.DescribeAsync(workload, cancellationToken).ConfigureAwait(false) is not { } shape
        )
            throw new InterceptException(
                $"There is no Deployment, ReplicaSet, StatefulSet or Rollout {spec.Agent}.{spec.Namespace}"
            );
        _ = new InterceptFilter(spec);
        var resolution = new PortResolution(
            $"{workload.Name}.{workload.Namespace}",
            workload.Kind.ToString(),
            SidecarPlan.Containers(shape)
        );
        return (workload, resolution.Resolve(spec));
    }

    private static InterceptSpec Resolved(InterceptSpec asked, ClusterWorkload workload, ResolvedPorts ports)
    {
        var spec = asked.Clone();
        spec.WorkloadKind = workload.Kind.ToString();
        spec.ContainerName = ports.Container;
        spec.PodPorts.Clear();
        spec.PodPorts.AddRange(ports.Further.Select(port => port.ToString()));
        if (ports.Main is not { } main)
            return spec;
        spec.ContainerPort = main.ContainerPort;
        spec.Protocol = main.Protocol;
        spec.ServiceName = main.ServiceName;
        spec.ServiceUid = main.ServiceUid;
        spec.ServicePortName = main.ServicePortName;
        spec.ServicePort = main.ServicePort;
        if (spec.TargetPort == 0)
            spec.TargetPort = main.ContainerPort;
        spec.ServiceIps.Clear();
        spec.ServiceIps.AddRange(main.ServiceAddresses.Select(a => ByteString.CopyFrom(a.GetAddressBytes())));
        return spec;
    }

    private PreparedIntercept Describe(InterceptSpec spec, ResolvedPorts ports)
    {
        var prepared = new PreparedIntercept
        {
            Namespace = spec.Namespace,
            WorkloadKind = spec.WorkloadKind,
            AgentImage = options.AgentImage ?? "",
            ContainerName = spec.ContainerName,
            Protocol = spec.Protocol,
            ServiceName = spec.ServiceName,
            ServiceUid = spec.ServiceUid,
            ServicePortName = spec.ServicePortName,
            ServicePort = spec.ServicePort,
            ContainerPort = spec.ContainerPort,
        };
        prepared.PodPorts.AddRange(ports.Further.Select(port => port.ToString()));
        prepared.ServiceIps.AddRange(spec.ServiceIps);
        return prepared;
    }
}
