using System.Net;
using System.Text.Json.Nodes;
using Telepresence.Engine.Installation.Manifests;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation;

/// <summary>Waits until the traffic-manager's deployment runs as it was applied.</summary>
internal sealed class Rollout(KubernetesClient client, string ns, TimeProvider time)
{
    /// <summary>Asked and not watched: whoever may install need not have the right to watch, and a second is soon enough.</summary>
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    private const int LogLines = 3;

    private readonly GenericClient _deployments = new(client, ResourceKinds.Deployment);
    private readonly GenericClient _pods = new(client, new ResourceKind("v1", "Pod", "pods", IsNamespaced: true));

    /// <summary>Why it does not run yet.</summary>
    public string Reason { get; private set; } = "the deployment was not looked at yet";

    /// <exception cref="OperationCanceledException">Too late, or not wanted any more.</exception>
    public async Task WaitAsync(IProgress<InstallationStep> progress, CancellationToken cancellationToken)
    {
        while (await LookAsync(cancellationToken).ConfigureAwait(false) is { } reason)
        {
            if (reason != Reason)
            {
                Reason = reason;
                progress.Report(new InstallationStep($"waiting for the traffic-manager: {reason}", 90));
            }
            await Task.Delay(_pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <returns>Why it does not run yet; null: it does.</returns>
    private async Task<string?> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            var deployment = await _deployments
                .ReadAsync(ns, InstallationLabels.ManagerName, cancellationToken)
                .ConfigureAwait(false);
            return deployment is not null && RolloutState.IsAvailable(deployment)
                ? null
                : await WhyAsync(deployment ?? [], cancellationToken).ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.StatusCode is null or >= HttpStatusCode.InternalServerError)
        {
            // An API server that restarts meanwhile comes back.
            return e.Message;
        }
    }

    private async Task<string> WhyAsync(JsonObject deployment, CancellationToken cancellationToken)
    {
        try
        {
            var pods = await _pods
                .ListAsync(ns, InstallationLabels.PodSelector, cancellationToken)
                .ConfigureAwait(false);
            var reason = RolloutState.Reason(deployment, pods);
            return RolloutState.Crashed(pods) is var (pod, isPrevious)
                ? $"{reason}; it said: {await LastWordsAsync(pod, isPrevious, cancellationToken).ConfigureAwait(false)}"
                : reason;
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            return "its pods may not be looked at (list pods is forbidden)";
        }
    }

    private async Task<string> LastWordsAsync(string pod, bool isPrevious, CancellationToken cancellationToken)
    {
        try
        {
            var log = await client
                .ReadNamespacedPodLogAsync(pod, ns, isPrevious, LogLines, cancellationToken)
                .ConfigureAwait(false);
            return log.Trim() is { Length: > 0 } words ? words.ReplaceLineEndings(" | ") : "nothing";
        }
        catch (KubernetesException)
        {
            // The log is a comfort: it may be gone with its container, or be no business of this user's.
            return "(its log cannot be read)";
        }
    }
}
