using Telepresence.Kubernetes;

namespace Telepresence.Engine.Session;

/// <summary>Ports that the containers of a workload's pods declare.</summary>
internal static class WorkloadPorts
{
    private const string AgentContainer = "traffic-agent";

    /// <exception cref="KubernetesException">What any call throws.</exception>
    public static async Task<IReadOnlyList<string>> ListAsync(
        KubernetesClient client,
        string podNamespace,
        string workload,
        CancellationToken cancellationToken
    )
    {
        var pods = await client.ListNamespacedPodAsync(podNamespace, null, cancellationToken).ConfigureAwait(false);
        return Compose(pods.Items, workload);
    }

    /// <summary>A controller's pods are named after it; one of another whose name begins alike offers a port too many.</summary>
    internal static IReadOnlyList<string> Compose(IEnumerable<V1Pod> pods, string workload) =>
        [
            .. pods.Where(pod => pod.Metadata.Name?.StartsWith($"{workload}-", StringComparison.Ordinal) == true)
                .SelectMany(pod => pod.Spec.Containers ?? [])
                .Where(container => container.Name != AgentContainer)
                .SelectMany(container => container.Ports ?? [])
                .Select(port =>
                    $"{port.ContainerPort}:{port.Name ?? $"{port.ContainerPort}"}{(port.Protocol == "UDP" ? "/UDP" : "")}"
                )
                .Distinct(),
        ];
}
