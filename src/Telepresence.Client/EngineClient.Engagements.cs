using System.Globalization;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.Client;

public sealed partial class EngineClient
{
    /// <summary>A stopped engagement takes that long, at most, to be taken back from agent and machine.</summary>
    private static readonly TimeSpan _undoEngagement = TimeSpan.FromSeconds(5);

    /// <summary>Takes over a workload's traffic, or looks into it, and reports each step.</summary>
    public async Task<TelepresenceEngagement> EngageAsync(
        EngagementRequest request,
        Action<EngagementProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var operation = request.Operation ?? Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);

        void OnProgressed(EngagementProgress step)
        {
            if (step.Operation == operation)
            {
                progress?.Invoke(step);
            }
        }

        notifications.EngagementProgressed += OnProgressed;
        try
        {
            return await connection
                .InvokeAsync<EngagementRequest, TelepresenceEngagement>(
                    EngineMethods.Engage,
                    request with
                    {
                        Operation = operation,
                    },
                    _undoEngagement,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        finally
        {
            notifications.EngagementProgressed -= OnProgressed;
        }
    }

    /// <summary>The engagements of a session, or of all.</summary>
    public Task<TelepresenceEngagement[]> EngagementsAsync(string? session, CancellationToken cancellationToken) =>
        connection.InvokeAsync<EngagementParameters, TelepresenceEngagement[]>(
            EngineMethods.ListEngagements,
            new EngagementParameters(session),
            cancellationToken
        );

    /// <summary>Ends an engagement; returns when nothing of it is left on this machine.</summary>
    public Task RemoveEngagementAsync(string session, string name, CancellationToken cancellationToken) =>
        connection.InvokeAsync(
            EngineMethods.RemoveEngagement,
            new EngagementParameters(session, name),
            cancellationToken
        );

    /// <summary>Ports of a workload's containers, each as -Port takes it.</summary>
    public Task<string[]> WorkloadPortsAsync(string? session, string workload, CancellationToken cancellationToken) =>
        connection.InvokeAsync<WorkloadPortsParameters, string[]>(
            EngineMethods.WorkloadPorts,
            new WorkloadPortsParameters(session, workload),
            cancellationToken
        );

    /// <summary>Removes the traffic-agents of workloads.</summary>
    /// <returns>The workloads.</returns>
    public Task<string[]> UninstallAgentsAsync(AgentRemoval removal, CancellationToken cancellationToken) =>
        connection.InvokeAsync<AgentRemoval, string[]>(EngineMethods.UninstallAgents, removal, cancellationToken);
}
