using Telepresence.Client.Errors;
using Telepresence.Engine.Manager;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Engagements;

/// <summary>What engagements ask of a traffic-manager; its refusals as errors of the catalogue.</summary>
internal sealed class EngagementCalls(EngagementContext context)
{
    /// <summary>A removal that is not answered by then is left to the manager's own care for clients that are gone.</summary>
    private static readonly TimeSpan _removal = TimeSpan.FromSeconds(10);

    /// <summary>The manager waits for an agent as long by default; what it says in the end is worth a moment more.</summary>
    private TimeSpan Deadline => context.ActiveTimeout + context.Tunnels.RoundtripLatency;

    /// <summary>The spec with what the manager knows of workload, service and container.</summary>
    /// <exception cref="TelepresenceException">WorkloadNotFound, EngagementRefused, EngagementConflict, EngagementUnsupported.</exception>
    public async Task<InterceptSpec> PrepareAsync(
        ManagerConnection connection,
        EngagementPlan plan,
        CancellationToken cancellationToken
    )
    {
        RequireRelease(connection, plan);
        var spec = InterceptSpecs.Make(plan, context);
        var prepared = await CallAsync(
                plan,
                () =>
                    connection.Client.PrepareIntercept(
                        new CreateInterceptRequest { Session = connection.Session, InterceptSpec = spec },
                        Options(cancellationToken)
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
        if (prepared.Error.Length > 0)
            throw EngagementErrors.Refused(prepared.Error, plan.Workload, context.Namespace);
        InterceptSpecs.Complete(spec, prepared);
        return spec;
    }

    /// <summary>The manager gives the workload an agent where it has none, and tells it.</summary>
    /// <exception cref="TelepresenceException">AgentNotArrived and those of <see cref="PrepareAsync"/>.</exception>
    public Task<InterceptInfo> CreateAsync(
        ManagerConnection connection,
        EngagementPlan plan,
        InterceptSpec spec,
        CancellationToken cancellationToken
    ) =>
        CallAsync(
            plan,
            () =>
                connection.Client.CreateIntercept(
                    new CreateInterceptRequest { Session = connection.Session, InterceptSpec = spec },
                    Options(cancellationToken)
                ),
            cancellationToken
        );

    /// <summary>False: the manager cannot be reached, or does not know it any more.</summary>
    public static async Task<bool> RemoveAsync(ManagerConnection connection, string name)
    {
        try
        {
            await connection
                .Client.RemoveIntercept(
                    new RemoveInterceptRequest2 { Session = connection.Session, Name = name },
                    new CallOptions(Deadline: _removal)
                )
                .ConfigureAwait(false);
            return true;
        }
        catch (RpcException)
        {
            return false;
        }
    }

    /// <summary>Makes sure that the workload has an agent, and chooses the container of its first pod.</summary>
    /// <exception cref="TelepresenceException">WorkloadNotFound, AgentNotArrived, ContainerNotFound, EngagementUnsupported.</exception>
    public async Task<PodTarget> IngestAsync(
        ManagerConnection connection,
        EngagementPlan plan,
        CancellationToken cancellationToken
    )
    {
        var snapshot = await CallAsync(
                plan,
                () =>
                    connection.Client.EnsureAgent(
                        new EnsureAgentRequest
                        {
                            Session = connection.Session,
                            Name = plan.Workload,
                            Namespace = context.Namespace,
                        },
                        Options(cancellationToken)
                    ),
                cancellationToken
            )
            .ConfigureAwait(false);
        if (snapshot.Agents.Count == 0 || snapshot.Agents.All(agent => agent.Containers.Count == 0))
            throw EngagementErrors.Unsupported(context, "it does not tell the containers of agents, as 2.21 does");
        return Choose(snapshot.Agents, plan);
    }

    /// <summary>The first pod by name.</summary>
    /// <exception cref="TelepresenceException">ContainerNotFound.</exception>
    public PodTarget Choose(IEnumerable<AgentInfo> agents, EngagementPlan plan)
    {
        var containers = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var agent in agents.OrderBy(agent => agent.PodName, StringComparer.Ordinal))
        {
            containers.UnionWith(agent.Containers.Keys);
            var container =
                plan.Request.Container ?? (agent.Containers.Count == 1 ? agent.Containers.Keys.First() : "");
            if (PodTarget.From(agent, container) is { } target)
                return target;
        }
        throw EngagementErrors.NoContainer(plan, context.Namespace, containers);
    }

    /// <summary>Releases before do not know the fields, and would do more than was asked for.</summary>
    private void RequireRelease(ManagerConnection connection, EngagementPlan plan)
    {
        var version = connection.ManagerVersion.TrimStart('v').Split('-', '+')[0];
        if (!Version.TryParse(version, out var release))
            return;
        if (plan.IsHttp && release < new Version(2, 25))
            throw EngagementErrors.Unsupported(context, "choosing among requests needs 2.25");
        if (plan.Kind == Client.Objects.EngagementKind.Wiretap && release < new Version(2, 23))
            throw EngagementErrors.Unsupported(context, "a wiretap needs 2.23");
    }

    private CallOptions Options(CancellationToken cancellationToken) =>
        new(Deadline: Deadline, CancellationToken: cancellationToken);

    private async Task<T> CallAsync<T>(
        EngagementPlan plan,
        Func<AsyncUnaryCall<T>> call,
        CancellationToken cancellationToken
    )
        where T : class, Google.Protobuf.IMessage<T>, new()
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw EngagementErrors.From(e, plan, context);
        }
    }
}
