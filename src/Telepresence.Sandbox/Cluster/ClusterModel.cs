using System.Net;
using System.Net.Sockets;
using Telepresence.Sandbox.Api;
using Telepresence.Sandbox.Network;

namespace Telepresence.Sandbox.Cluster;

/// <summary>Builds the cluster: gives out addresses, and keeps topology, API objects and network in step.</summary>
internal sealed class ClusterModel
{
    // The first addresses stand for the API server and DNS, as in a real cluster; pods start behind the bridge's.
    private const int ApiServerIndex = 1;
    private const int DnsIndex = 10;
    private const int FirstService = 16;
    private const int FirstPod = 4;
    private readonly ResourceStore _store;
    private readonly ClusterNetwork _network;
    private readonly TimeProvider _time;
    private readonly IReadOnlyList<AddressPool> _servicePools;
    private readonly IReadOnlyList<AddressPool> _podPools;
    private readonly IReadOnlyList<IPAddress> _node;
    private readonly Dictionary<(PodSpec, int, ProtocolType), IPEndPoint> _backends = [];

    public ClusterModel(SandboxOptions options, ResourceStore store, ClusterNetwork network)
    {
        _store = store;
        _network = network;
        _time = options.TimeProvider;
        _servicePools = [.. options.ServiceSubnets.Select(s => new AddressPool(s, FirstService))];
        _podPools = [.. options.PodSubnets.Select(s => new AddressPool(s, FirstPod))];
        _node = [.. _podPools.Select(p => p.At(1))];
        store.Put(
            ResourceType.Node,
            KubernetesObjects.Node(options.PodSubnets, _node[0], ResourceStore.Timestamp(_time.GetUtcNow()))
        );
        store.Put(ResourceType.ServiceCidr, KubernetesObjects.ServiceCidr(options.ServiceSubnets));
    }

    public Topology Topology { get; private set; } = Topology.Empty;

    public IReadOnlyList<IPAddress> ApiServerAddresses => [.. _servicePools.Select(p => p.At(ApiServerIndex))];

    public IReadOnlyList<IPAddress> DnsAddresses => [.. _servicePools.Select(p => p.At(DnsIndex))];

    public void AddNamespace(string name)
    {
        Topology = Topology with { Namespaces = [.. Topology.Namespaces, name] };
        _store.Put(ResourceType.Namespace, KubernetesObjects.Namespace(name));
    }

    public IReadOnlyList<IPAddress> NextServiceAddresses() => [.. _servicePools.Select(p => p.Next())];

    /// <summary>Adds a Service whose pods, or whose <paramref name="backends"/> when it has none, must be there already.</summary>
    public ServiceSpec AddService(ServiceSpec service, IReadOnlyDictionary<ServicePort, IPEndPoint>? backends = null)
    {
        Topology = Topology with { Services = [.. Topology.Services, service] };
        var pods = Topology.PodsOf(service).ToList();
        foreach (var port in service.Ports)
        {
            IPEndPoint[] targets = backends is null ? [.. pods.SelectMany(p => Backend(p, port))] : [backends[port]];
            foreach (var address in targets.Length > 0 ? service.Addresses : [])
            {
                _network.Map(address, port.Port, port.Protocol, targets);
            }
        }
        _store.Put(ResourceType.Service, KubernetesObjects.Service(service));
        if (service.ExternalName is null)
        {
            _store.Put(ResourceType.Endpoints, KubernetesObjects.Endpoints(service, pods));
            foreach (var family in _podPools.Select(p => p.Family))
            {
                _store.Put(ResourceType.EndpointSlice, KubernetesObjects.EndpointSlice(service, pods, family));
            }
        }
        return service;
    }

    /// <summary>Ends a Service's listeners: its ports, and its pods', refuse from now on.</summary>
    public void Stop(ServiceSpec service)
    {
        foreach (var port in service.Ports)
        {
            foreach (var address in service.Addresses)
            {
                _network.Unmap(address, port.Port, port.Protocol);
            }
            foreach (var address in Topology.PodsOf(service).SelectMany(p => p.Addresses))
            {
                _network.Unmap(address, port.TargetPort, port.Protocol);
            }
        }
    }

    /// <summary>Adds a Deployment with one pod for each of <paramref name="replicas"/>, the loopback listeners of its ports.</summary>
    public IReadOnlyList<PodSpec> AddWorkload(
        string ns,
        string name,
        string image,
        IReadOnlyDictionary<string, string> labels,
        IReadOnlyList<IReadOnlyDictionary<ServicePort, IPEndPoint>> replicas
    )
    {
        var now = ResourceStore.Timestamp(_time.GetUtcNow());
        var pods = new List<PodSpec>();
        foreach (var listeners in replicas)
        {
            var pod = new PodSpec(
                ns,
                $"{name}-{pods.Count}",
                name,
                image,
                [.. _podPools.Select(p => p.Next())],
                labels,
                [.. listeners.Keys]
            );
            pods.Add(pod);
            foreach (var (port, listener) in listeners)
            {
                foreach (var address in pod.Addresses)
                {
                    _network.Map(address, port.TargetPort, port.Protocol, listener);
                }
                _backends[(pod, port.TargetPort, port.Protocol)] = listener;
            }
            _store.Put(ResourceType.Pod, KubernetesObjects.Pod(pod, _node[0], now));
        }
        Topology = Topology with { Pods = [.. Topology.Pods, .. pods] };
        _store.Put(ResourceType.Deployment, KubernetesObjects.Workload(pods));
        _store.Put(ResourceType.ReplicaSet, KubernetesObjects.Workload(pods));
        return pods;
    }

    private IEnumerable<IPEndPoint> Backend(PodSpec pod, ServicePort port) =>
        _backends.TryGetValue((pod, port.TargetPort, port.Protocol), out var backend) ? [backend] : [];
}
