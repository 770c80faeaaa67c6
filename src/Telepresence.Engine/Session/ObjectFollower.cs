using System.Net;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Session;

/// <summary>Follows which service and which pod has which address. Of each object only name and addresses stay.</summary>
internal sealed class ObjectFollower
{
    private readonly KubernetesClient _client;
    private readonly Reflector<V1Service, AddressedObject> _services;
    private readonly Reflector<V1Pod, AddressedObject> _pods;
    private readonly TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ObjectFollower(KubernetesClient client, TimeProvider time, Random random)
    {
        _client = client;
        _services = new Reflector<V1Service, AddressedObject>(client, Services, time, random);
        _pods = new Reflector<V1Pod, AddressedObject>(client, Pods, time, random);
        _services.Changed += TellWhenListed;
        _pods.Changed += TellWhenListed;
    }

    private static ReflectedKind<V1Service, AddressedObject> Services { get; } =
        new(
            "api/v1/services",
            KubernetesJsonContext.Default.V1ListV1Service,
            KubernetesJsonContext.Default.V1Service,
            service => service.Metadata,
            service => AddressedObject.Of(service.Metadata, service.Spec.ClusterIPs ?? [service.Spec.ClusterIP ?? ""])
        );

    private static ReflectedKind<V1Pod, AddressedObject> Pods { get; } =
        new(
            "api/v1/pods",
            KubernetesJsonContext.Default.V1ListV1Pod,
            KubernetesJsonContext.Default.V1Pod,
            pod => pod.Metadata,
            pod => AddressedObject.Of(pod.Metadata, [pod.Status.PodIP ?? ""])
        );

    /// <summary>Done when all objects are known, or will not be.</summary>
    public Task Listed => _listed.Task;

    /// <summary>By address, as <c>service/web.demo</c> or <c>pod/web-1.demo</c>; empty where they may not be followed.</summary>
    public IReadOnlyDictionary<IPAddress, string> Current
    {
        get
        {
            Dictionary<IPAddress, string> objects = [];
            Add("service", _services.Current);
            Add("pod", _pods.Current);
            return objects;

            void Add(string kind, IReadOnlyList<AddressedObject> followed)
            {
                foreach (var item in followed)
                {
                    foreach (var text in item.Addresses.Split(' '))
                    {
                        if (IPAddress.TryParse(text, out var address))
                            objects.TryAdd(address, $"{kind}/{item.Name}.{item.Namespace}");
                    }
                }
            }
        }
    }

    /// <summary>Until cancelled; returns where the user may not follow the objects of all namespaces.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await MayAsync(cancellationToken).ConfigureAwait(false))
            {
                await Task.WhenAll(_services.RunAsync(cancellationToken), _pods.RunAsync(cancellationToken))
                    .ConfigureAwait(false);
            }
        }
        finally
        {
            _listed.TrySetResult();
        }
    }

    private async Task<bool> MayAsync(CancellationToken cancellationToken)
    {
        AccessRule[] needed =
        [
            .. from resource in (string[])["services", "pods"]
            from verb in (string[])["list", "watch"]
            select new AccessRule(null, "", resource, verb),
        ];
        try
        {
            return (await AccessRule.MissingAsync(_client, needed, cancellationToken).ConfigureAwait(false)).Count == 0;
        }
        catch (KubernetesException)
        {
            // The cluster is away: the lists are tried again until it is back.
            return true;
        }
    }

    private void TellWhenListed()
    {
        if (_services.IsListed && _pods.IsListed)
            _listed.TrySetResult();
    }

    /// <param name="Addresses">With spaces between: a list would not be equal to one with the same addresses.</param>
    private sealed record AddressedObject(string Namespace, string Name, string Addresses)
    {
        public static AddressedObject Of(V1ObjectMeta metadata, IReadOnlyList<string> addresses) =>
            new(metadata.NamespaceProperty ?? "", metadata.Name ?? "", string.Join(' ', addresses));
    }
}
