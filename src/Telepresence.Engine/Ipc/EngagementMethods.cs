using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;
using Telepresence.Client.Objects;
using Telepresence.Engine.Session;

namespace Telepresence.Engine.Ipc;

/// <summary>The contract's methods about engagements.</summary>
internal sealed class EngagementMethods(SessionRegistry registry)
{
    public void Register(IpcServer server)
    {
        server.Register<EngagementRequest, TelepresenceEngagement>(
            EngineMethods.Engage,
            (request, call, token) =>
                SessionMethods.Typed(() =>
                    registry.FindOne(request.Session).Engagements.NewAsync(request, Steps(request, call), token)
                )
        );
        server.Register<EngagementParameters, TelepresenceEngagement[]>(
            EngineMethods.ListEngagements,
            (parameters, _, _) => SessionMethods.Typed(() => Task.FromResult(Views(parameters)))
        );
        server.Register<EngagementParameters>(
            EngineMethods.RemoveEngagement,
            (parameters, _, _) => RemoveAsync(parameters)
        );
        server.Register<WorkloadPortsParameters, string[]>(
            EngineMethods.WorkloadPorts,
            (parameters, _, token) =>
                SessionMethods.Typed<string[]>(async () =>
                    [
                        .. await registry
                            .FindOne(parameters.Session)
                            .GetWorkloadPortsAsync(parameters.Workload, token)
                            .ConfigureAwait(false),
                    ]
                )
        );
        server.Register<AgentRemoval, string[]>(
            EngineMethods.UninstallAgents,
            (removal, _, token) =>
                SessionMethods.Typed(() =>
                    AgentUninstallation.RunAsync(registry.FindOne(removal.Session), removal.Workloads, token)
                )
        );
    }

    private TelepresenceEngagement[] Views(EngagementParameters parameters) =>
        [
            .. registry
                .Find(parameters.Session)
                .SelectMany(session => session.Engagements.Views())
                .Where(e =>
                    parameters.Name is null
                    || string.Equals(e.Name, parameters.Name, StringComparison.OrdinalIgnoreCase)
                ),
        ];

    /// <summary>Not cancelled with the caller: what is half removed would be nobody's.</summary>
    private async Task RemoveAsync(EngagementParameters parameters)
    {
        foreach (var session in registry.Find(parameters.Session))
            await session.Engagements.RemoveAsync(parameters.Name).ConfigureAwait(false);
    }

    private static Relay<string> Steps(EngagementRequest request, JsonRpcRequest call) =>
        new(status =>
            call.Connection.Notify(
                EngineMethods.EngagementProgressed,
                new EngagementProgress(request.Operation ?? "", status)
            )
        );
}
