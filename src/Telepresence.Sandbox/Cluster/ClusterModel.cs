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
    private readonly Dictionary<(string PodUid, int, ProtocolType), IPEndPoint> _backends = [];
    private readonly Dictionary<(string PodUid, int, ProtocolType), IPEndPoint> _apps = [];

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

    /// <summary>Announces a kind of objects that a CustomResourceDefinition brings.</summary>
    public void AddCustomResource(ResourceType type) =>
        _store.Put(
            ResourceType.CustomResourceDefinition,
            KubernetesObjects.CustomResourceDefinition(type, ResourceStore.Timestamp(_time.GetUtcNow()))
        );

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

    /// <summary>Addresses for a pod that is to be added later.</summary>
    public IReadOnlyList<IPAddress> NextPodAddresses() => [.. _podPools.Select(p => p.Next())];

    /// <summary>Adds a workload, with one pod for each of <paramref name="replicas"/>, the loopback listeners of its ports.</summary>
    /// <param name="workload">Without uid.</param>
    /// <param name="replicas">By port.</param>
    /// <param name="addresses">Of the first pod; null: the next ones.</param>
    public IReadOnlyList<PodSpec> AddWorkload(
        WorkloadSpec workload,
        IReadOnlyList<IReadOnlyDictionary<ServicePort, IPEndPoint>> replicas,
        IReadOnlyList<IPAddress>? addresses = null
    )
    {
        workload = workload with { Uid = Guid.NewGuid().ToString() };
        var objects = new WorkloadObjects(workload);
        var pods = new List<PodSpec>();
        foreach (var listeners in replicas)
        {
            var pod = new PodSpec(
                workload,
                $"{objects.PodOwner.Name}-{pods.Count}",
                Guid.NewGuid().ToString(),
                objects.PodOwner,
                pods.Count == 0 && addresses is not null ? addresses : NextPodAddresses(),
                [.. listeners.Keys]
            );
            pods.Add(pod);
            foreach (var (port, listener) in listeners)
            {
                Map(pod, port.TargetPort, port.Protocol, listener);
                _backends[(pod.Uid, port.TargetPort, port.Protocol)] = listener;
                _apps[(pod.Uid, port.TargetPort, port.Protocol)] = listener;
            }
        }
        Topology = Topology with { Pods = [.. Topology.Pods, .. pods], Workloads = [.. Topology.Workloads, workload] };
        foreach (var (type, value) in objects.Create(pods))
        {
            _store.Put(type, value);
        }
        pods.ForEach(Put);
        return pods;
    }

    /// <summary>Adds a traffic-agent's container to a pod, in place: the pod keeps its name and its addresses.</summary>
    /// <param name="pod">Without agent.</param>
    /// <param name="port">Of the agent's api, in the pod.</param>
    /// <param name="listener">What answers there.</param>
    public void AddAgent(PodSpec pod, int port, IPEndPoint listener)
    {
        var with = pod with { AgentPort = port };
        Topology = Topology with { Pods = [.. Topology.Pods.Select(p => p.Uid == pod.Uid ? with : p)] };
        Map(with, port, ProtocolType.Tcp, listener);
        Put(with);
    }

    /// <summary>What a container itself listens at.</summary>
    public IPEndPoint AppOf(PodSpec pod, ServicePort port) => _apps[(pod.Uid, port.TargetPort, port.Protocol)];

    /// <summary>Leads callers of a pod's port, and of the Services before it, to another listener.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="port">Its port.</param>
    /// <param name="listener">Null: the container's own.</param>
    public void Lead(PodSpec pod, ServicePort port, IPEndPoint? listener)
    {
        var key = (pod.Uid, port.TargetPort, port.Protocol);
        _backends[key] = listener ?? _apps[key];
        foreach (var address in pod.Addresses)
        {
            _network.Remap(address, port.TargetPort, port.Protocol, _backends[key]);
        }
        foreach (var service in Topology.Services)
        {
            var pods = Topology.PodsOf(service).ToList();
            if (pods.All(p => p.Uid != pod.Uid))
            {
                continue;
            }
            foreach (var offered in service.Ports)
            {
                IPEndPoint[] targets = [.. pods.SelectMany(p => Backend(p, offered))];
                foreach (var address in targets.Length > 0 ? service.Addresses : [])
                {
                    _network.Remap(address, offered.Port, offered.Protocol, targets);
                }
            }
        }
    }

    /// <summary>Makes another port of a pod answer.</summary>
    public void Open(PodSpec pod, int port, IPEndPoint listener) => Map(pod, port, ProtocolType.Tcp, listener);

    /// <summary>Takes a pod's traffic-agent away.</summary>
    /// <param name="pod">With agent.</param>
    public void RemoveAgent(PodSpec pod)
    {
        var without = pod with { AgentPort = null };
        Topology = Topology with { Pods = [.. Topology.Pods.Select(p => p.Uid == pod.Uid ? without : p)] };
        foreach (var address in pod.Addresses)
        {
            _network.Unmap(address, pod.AgentPort!.Value, ProtocolType.Tcp);
        }
        Put(without);
    }

    private void Put(PodSpec pod) =>
        _store.Put(ResourceType.Pod, KubernetesObjects.Pod(pod, _node[0], ResourceStore.Timestamp(_time.GetUtcNow())));

    private void Map(PodSpec pod, int port, ProtocolType protocol, IPEndPoint listener)
    {
        foreach (var address in pod.Addresses)
        {
            _network.Map(address, port, protocol, listener);
        }
    }

    private IEnumerable<IPEndPoint> Backend(PodSpec pod, ServicePort port) =>
        _backends.TryGetValue((pod.Uid, port.TargetPort, port.Protocol), out var backend) ? [backend] : [];
}
