using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Session;

/// <summary>Takes traffic-agents out of workloads.</summary>
internal static class AgentUninstallation
{
    /// <summary>The session's own engagements of these workloads end first.</summary>
    /// <param name="workloads">None: all that have an agent, of the session's namespace.</param>
    /// <returns>The workloads.</returns>
    /// <exception cref="TelepresenceException">EngagementUnsupported, WorkloadNotFound, EngagementRefused.</exception>
    public static async Task<string[]> RunAsync(
        EngineSession session,
        IReadOnlyList<string> workloads,
        CancellationToken cancellationToken
    )
    {
        var space = session.View().Namespace;
        try
        {
            string[] named =
                workloads.Count > 0
                    ? [.. workloads.Distinct(StringComparer.Ordinal)]
                    : await WithAgentAsync(session, space, cancellationToken).ConfigureAwait(false);
            if (named.Length == 0)
                return [];
            foreach (var engagement in session.Engagements.Views().Where(e => named.Contains(e.Workload)))
                await session.Engagements.RemoveAsync(engagement.Name).ConfigureAwait(false);
            await session
                .Manager.Client.UninstallAgents(
                    new UninstallAgentsRequest { SessionInfo = session.Manager.Session, Agents = { named } },
                    new CallOptions(CancellationToken: cancellationToken)
                )
                .ConfigureAwait(false);
            return named;
        }
        catch (RpcException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw e.StatusCode == StatusCode.Unimplemented
                ? ErrorCatalogue.Error(
                    ErrorId.EngagementUnsupported,
                    session.Name,
                    e,
                    ("version", session.Manager.ManagerVersion),
                    ("reason", "uninstalling agents needs 2.21, and listing them too")
                )
                : Engagements.EngagementErrors.Refused(e.Status.Detail, string.Join(", ", workloads), space);
        }
    }

    private static async Task<string[]> WithAgentAsync(
        EngineSession session,
        string space,
        CancellationToken cancellationToken
    ) =>
        [
            .. (
                await ManagedWorkloads
                    .ListAsync(session.Manager, session.Name, space, cancellationToken)
                    .ConfigureAwait(false)
            )
                .Where(workload => workload.AgentState != WorkloadAgentState.None)
                .Select(workload => workload.Name),
        ];
}
