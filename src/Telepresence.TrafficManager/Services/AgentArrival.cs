using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Cluster;
using Telepresence.TrafficManager.Intercepts;
using Telepresence.TrafficManager.Sessions;

namespace Telepresence.TrafficManager.Services;

/// <summary>Makes sure that a workload has agents, and waits for them (PROTOCOL §1.8 EnsureAgent, §7.4).</summary>
internal sealed class AgentArrival(TrafficManagerOptions options, SessionTable sessions, InterceptTable intercepts)
{
    /// <summary>The agents of a workload, in the order of their pods' names.</summary>
    /// <exception cref="RpcException">None arrived; why is told.</exception>
    public async ValueTask<ImmutableArray<AgentSession>> EnsureAsync(
        ClientSession client,
        ClusterWorkload workload,
        CancellationToken cancellationToken
    )
    {
        using var timeout = new CancellationTokenSource(options.AgentArrivalTimeout, options.TimeProvider);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken,
            client.Ended,
            timeout.Token
        );
        try
        {
            return await SessionWatch
                .UnlessEndedAsync(client, EnsureAsync(workload, ended.Token))
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            throw new RpcException(
                StatusCode.Internal,
                $"No traffic-agent of {workload.Name}.{workload.Namespace} arrived within {options.AgentArrivalTimeout.TotalSeconds} s"
            );
        }
    }

    private async ValueTask<ImmutableArray<AgentSession>> EnsureAsync(
        ClusterWorkload workload,
        CancellationToken cancellationToken
    )
    {
        if (options.Injection is not { } injection)
            return Of(workload) is { IsEmpty: false } present ? present : throw NoInjector(workload);
        await InjectAsync(injection, workload, cancellationToken).ConfigureAwait(false);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var failure = injection.FailureAsync(workload, waiting.Token);
        try
        {
            while (true)
            {
                var changed = sessions.Agents.Changed;
                var agents = Of(workload).RemoveAll(a => !injection.IsCurrent(workload, a.Agent.PodName));
                if (!agents.IsEmpty)
                    return agents;
                var first = await Task.WhenAny(changed.WaitAsync(cancellationToken), failure).ConfigureAwait(false);
                if (first == failure && failure.IsCompletedSuccessfully)
                    throw Fails(workload, await failure.ConfigureAwait(false), null);
                await first.ConfigureAwait(false);
            }
        }
        finally
        {
            await waiting.CancelAsync().ConfigureAwait(false);
            await ((Task)failure).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private ImmutableArray<AgentSession> Of(ClusterWorkload workload) =>
        [.. sessions.Agents.Of(workload.Name, workload.Namespace, workload.Kind.ToString())];

    [SuppressMessage("Design", "CA1031", Justification = "Whatever injection fails with is told to the client.")]
    private async Task InjectAsync(
        IAgentInjection injection,
        ClusterWorkload workload,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var replaced = intercepts.Replaced(workload.Name, workload.Namespace, workload.Kind.ToString());
            await injection.EnsureAsync(workload, replaced, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Fails(workload, e.Message, e);
        }
    }

    private static RpcException Fails(ClusterWorkload workload, string reason, Exception? cause) =>
        new(
            new Status(
                StatusCode.Internal,
                $"{workload.Kind} {workload.Name}.{workload.Namespace} gets no traffic-agent: {reason}",
                cause
            )
        );

    private static RpcException NoInjector(ClusterWorkload workload) =>
        new(
            StatusCode.Unavailable,
            $"{workload.Name}.{workload.Namespace} has no traffic-agent, and this traffic-manager has no agent injector"
        );
}
