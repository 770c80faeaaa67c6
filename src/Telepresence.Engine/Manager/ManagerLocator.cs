using System.Globalization;
using System.Net;
using System.Text.Json;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Manager;

/// <summary>A pod of the traffic-manager and the port its API listens on.</summary>
internal sealed record ManagerAddress(string Namespace, string Pod, string? PodUid, int Port)
{
    public override string ToString() => $"pod/{Pod}.{Namespace}:{Port}";
}

/// <summary>Finds the traffic-manager in a cluster, and opens streams to it.</summary>
/// <param name="portForward">Of the same cluster.</param>
internal sealed class ManagerLocator(KubernetesClient client, PortForward portForward)
{
    public const string DefaultNamespace = "ambassador";
    public const string ServiceName = "traffic-manager";

    private const string PortName = "api";
    private static readonly TimeSpan _pauseBetweenLists = TimeSpan.FromMilliseconds(250);

    /// <summary>The manager's namespace; the first that says one wins.</summary>
    /// <param name="explicitNamespace">What the user gave (-ManagerNamespace).</param>
    /// <param name="configured"><c>cluster.defaultManagerNamespace</c> of the configuration files.</param>
    public static string ChooseNamespace(
        string? explicitNamespace,
        KubeconfigCluster cluster,
        Func<string, string?> environment,
        string? configured = null
    )
    {
        string?[] candidates =
        [
            explicitNamespace,
            cluster.ManagerNamespace,
            environment("TELEPRESENCE_MANAGER_NAMESPACE"),
            configured,
        ];
        return candidates.FirstOrDefault(candidate => !string.IsNullOrEmpty(candidate)) ?? DefaultNamespace;
    }

    /// <summary>
    /// Service <c>traffic-manager</c>, its port <c>api</c>, a pod it selects. Waits for a pod where there is none yet, until
    /// <paramref name="cancellationToken"/> says stop.
    /// </summary>
    /// <exception cref="KubernetesException">ManagerNotFound and what any call throws.</exception>
    public async Task<ManagerAddress> LocateAsync(string namespaceParameter, CancellationToken cancellationToken)
    {
        var service = await ReadServiceAsync(namespaceParameter, cancellationToken).ConfigureAwait(false);
        var port =
            service.Spec.Ports?.FirstOrDefault(p => p.Name == PortName)
            ?? throw NotFound(namespaceParameter, $"its service has no port named '{PortName}'", null);
        var selector = string.Join(
            ',',
            (service.Spec.Selector ?? new Dictionary<string, string>()).Select(label => $"{label.Key}={label.Value}")
        );
        if (selector.Length == 0)
        {
            throw NotFound(namespaceParameter, "its service selects no pods", null);
        }
        var mayWatch = true;
        while (true)
        {
            var pods = await client
                .ListNamespacedPodAsync(namespaceParameter, selector, cancellationToken)
                .ConfigureAwait(false);
            if (ActivePods.Best(pods.Items) is { } pod)
            {
                return Address(namespaceParameter, service, port, pod);
            }
            if (!mayWatch)
            {
                await Task.Delay(_pauseBetweenLists, cancellationToken).ConfigureAwait(false);
                continue;
            }
            try
            {
                var arrived = await WatchAsync(
                        namespaceParameter,
                        selector,
                        pods.Metadata.ResourceVersion,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                if (arrived is not null)
                {
                    return Address(namespaceParameter, service, port, arrived);
                }
            }
            catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
            {
                // The chart grants clients list, and not watch (PROTOCOL §1.3).
                mayWatch = false;
            }
        }
    }

    /// <summary>Locates, waiting at most <paramref name="timeout"/> for a pod, and opens a stream to it.</summary>
    /// <exception cref="KubernetesException">ManagerNotFound, ManagerUnavailable, PortForwardForbidden, PortForwardFailed and what any call throws.</exception>
    public async Task<Stream> ConnectAsync(
        string namespaceParameter,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bound.CancelAfter(timeout);
        try
        {
            var address = await LocateAsync(namespaceParameter, bound.Token).ConfigureAwait(false);
            return await portForward
                .ConnectAsync(address.Namespace, address.Pod, address.Port, bound.Token)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KubernetesException(
                KubernetesErrorId.ManagerUnavailable,
                "OperationTimeout",
                $"No pod of the traffic-manager in namespace '{namespaceParameter}' became ready within "
                    + $"{timeout.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s.",
                $"kubectl get pods --namespace {namespaceParameter} --selector app=traffic-manager",
                e
            );
        }
    }

    /// <summary>Null where the server ended the watch before a pod came.</summary>
    private async Task<V1Pod?> WatchAsync(
        string namespaceParameter,
        string selector,
        string? resourceVersion,
        CancellationToken cancellationToken
    )
    {
        await foreach (
            var changed in client
                .WatchNamespacedPodAsync(namespaceParameter, selector, resourceVersion, cancellationToken)
                .ConfigureAwait(false)
        )
        {
            if (ActivePods.Best([changed]) is { } arrived)
            {
                return arrived;
            }
        }
        return null;
    }

    private async Task<V1Service> ReadServiceAsync(string namespaceParameter, CancellationToken cancellationToken)
    {
        try
        {
            return await client
                .ReadNamespacedServiceAsync(ServiceName, namespaceParameter, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            throw NotFound(namespaceParameter, "it has no such service", e);
        }
    }

    private static ManagerAddress Address(
        string namespaceParameter,
        V1Service service,
        V1ServicePort port,
        V1Pod pod
    ) => new(namespaceParameter, pod.Metadata.Name ?? "", pod.Metadata.Uid, ContainerPort(service, port, pod));

    private static int ContainerPort(V1Service service, V1ServicePort port, V1Pod pod)
    {
        // A headless service is bypassed by clients: its port is the container's.
        if (service.Spec.ClusterIP == "None")
        {
            return port.Port;
        }
        return port.TargetPort switch
        {
            { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var value) => value,
            { ValueKind: JsonValueKind.String } name => pod.Spec.Containers?.SelectMany(container =>
                    container.Ports ?? []
                )
                .FirstOrDefault(p => p.Name == name.GetString())
                ?.ContainerPort
                ?? port.Port,
            _ => port.Port,
        };
    }

    private KubernetesException NotFound(string namespaceParameter, string why, Exception? inner) =>
        new(
            KubernetesErrorId.ManagerNotFound,
            "ObjectNotFound",
            $"There is no traffic-manager in namespace '{namespaceParameter}' of {client.Configuration.Server}: {why}. "
                + "Install its Helm chart, or name its namespace with -ManagerNamespace.",
            "kubectl get service traffic-manager --all-namespaces",
            inner
        )
        {
            TargetObject = namespaceParameter,
        };
}
