using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Telepresence.Sandbox.Api;

namespace Telepresence.Sandbox.Cluster;

/// <summary>The JSON of the cluster's objects, as far as clients look at it.</summary>
internal static class KubernetesObjects
{
    public const string NodeName = "sandbox";
    private const string AgentContainer = "traffic-agent";
    private const string AgentImage = "sandbox/traffic-agent";
    private const string KubeletVersion = "v1.33.0";

    public static JsonObject Namespace(string name) =>
        new()
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["labels"] = new JsonObject { ["kubernetes.io/metadata.name"] = name },
            },
            ["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") },
            ["status"] = new JsonObject { ["phase"] = "Active" },
        };

    public static JsonObject Node(IReadOnlyList<IPNetwork> podSubnets, IPAddress address, string now) =>
        new()
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = NodeName,
                ["labels"] = new JsonObject
                {
                    ["kubernetes.io/hostname"] = NodeName,
                    ["kubernetes.io/os"] = "linux",
                    ["node-role.kubernetes.io/control-plane"] = "",
                },
            },
            ["spec"] = new JsonObject
            {
                ["podCIDR"] = podSubnets[0].ToString(),
                ["podCIDRs"] = Array(podSubnets.Select(s => s.ToString())),
            },
            ["status"] = new JsonObject
            {
                ["addresses"] = new JsonArray(
                    new JsonObject { ["type"] = "InternalIP", ["address"] = address.ToString() },
                    new JsonObject { ["type"] = "Hostname", ["address"] = NodeName }
                ),
                ["conditions"] = new JsonArray(Condition("Ready", now)),
                ["nodeInfo"] = new JsonObject
                {
                    ["kubeletVersion"] = KubeletVersion,
                    ["osImage"] = "Telepresence Sandbox",
                    ["operatingSystem"] = "linux",
                    ["architecture"] = "amd64",
                    ["kernelVersion"] = "none",
                    ["containerRuntimeVersion"] = "sandbox://1",
                },
            },
        };

    public static JsonObject ServiceCidr(IReadOnlyList<IPNetwork> subnets) =>
        new()
        {
            ["metadata"] = new JsonObject { ["name"] = "kubernetes" },
            ["spec"] = new JsonObject { ["cidrs"] = Array(subnets.Select(s => s.ToString())) },
        };

    public static JsonObject Service(ServiceSpec service)
    {
        var spec = new JsonObject
        {
            ["type"] = service.ExternalName is null ? "ClusterIP" : "ExternalName",
            ["sessionAffinity"] = "None",
        };
        if (service.ExternalName is { } external)
        {
            spec["externalName"] = external.TrimEnd('.');
        }
        else
        {
            var addresses = service.IsHeadless ? ["None"] : service.Addresses.Select(a => a.ToString()).ToArray();
            spec["clusterIP"] = addresses[0];
            spec["clusterIPs"] = Array(addresses);
            spec["ipFamilies"] = service.IsHeadless
                ? new JsonArray("IPv4")
                : Array(service.Addresses.Select(a => FamilyName(a)));
            spec["ipFamilyPolicy"] = service.Addresses.Count > 1 ? "PreferDualStack" : "SingleStack";
        }
        if (service.Selector.Count > 0)
        {
            spec["selector"] = Map(service.Selector);
        }
        if (service.Ports.Count > 0)
        {
            spec["ports"] = new JsonArray([
                .. service.Ports.Select(p => new JsonObject
                {
                    ["name"] = p.Name,
                    ["protocol"] = ProtocolName(p.Protocol),
                    ["port"] = p.Port,
                    ["targetPort"] = p.TargetPort,
                }),
            ]);
        }
        return new()
        {
            ["metadata"] = Metadata(service.Namespace, service.Name, service.Selector),
            ["spec"] = spec,
            ["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() },
        };
    }

    public static JsonObject Pod(PodSpec pod, IPAddress node, string now)
    {
        var metadata = Metadata(pod.Namespace, pod.Name, pod.Labels);
        metadata["uid"] = pod.Uid;
        metadata["ownerReferences"] = Owners(pod.Owner);
        var containers = Containers(pod.Workload, pod.Ports);
        if (pod.AgentPort is { } agentPort)
        {
            var api = new ServicePort("tm-api", ProtocolType.Tcp, agentPort, agentPort);
            containers.Add(Container(AgentContainer, AgentImage, [api]));
        }
        return new()
        {
            ["metadata"] = metadata,
            ["spec"] = new JsonObject
            {
                ["nodeName"] = NodeName,
                ["serviceAccountName"] = "default",
                ["restartPolicy"] = "Always",
                ["containers"] = containers,
            },
            ["status"] = new JsonObject
            {
                ["phase"] = "Running",
                ["hostIP"] = node.ToString(),
                ["podIP"] = pod.Addresses[0].ToString(),
                ["podIPs"] = new JsonArray([.. pod.Addresses.Select(a => new JsonObject { ["ip"] = a.ToString() })]),
                ["startTime"] = now,
                ["conditions"] = new JsonArray(
                    Condition("Initialized", now),
                    Condition("Ready", now),
                    Condition("ContainersReady", now),
                    Condition("PodScheduled", now)
                ),
                ["containerStatuses"] = new JsonArray([.. containers.Select(c => ContainerStatus(c!, now))]),
                ["qosClass"] = "BestEffort",
            },
        };
    }

    /// <summary>The spec and status that workloads of all kinds have in common.</summary>
    /// <param name="workload">Whose pods.</param>
    /// <param name="name">Of the object.</param>
    /// <param name="uid">Of the object.</param>
    /// <param name="owner">Null: nobody.</param>
    /// <param name="pods">Its pods.</param>
    public static JsonObject Workload(
        WorkloadSpec workload,
        string name,
        string uid,
        OwnerReference? owner,
        IReadOnlyList<PodSpec> pods
    )
    {
        var replicas = pods.Count;
        var metadata = Metadata(workload.Namespace, name, workload.Labels);
        metadata["uid"] = uid;
        if (owner is not null)
        {
            metadata["ownerReferences"] = Owners(owner);
        }
        return new()
        {
            ["metadata"] = metadata,
            ["spec"] = new JsonObject
            {
                ["replicas"] = replicas,
                ["selector"] = new JsonObject { ["matchLabels"] = Map(workload.Labels) },
                ["template"] = new JsonObject
                {
                    ["metadata"] = new JsonObject { ["labels"] = Map(workload.Labels) },
                    ["spec"] = new JsonObject { ["containers"] = Containers(workload, pods[0].Ports) },
                },
            },
            ["status"] = new JsonObject
            {
                ["replicas"] = replicas,
                ["readyReplicas"] = replicas,
                ["updatedReplicas"] = replicas,
                ["availableReplicas"] = replicas,
            },
        };
    }

    public static JsonObject CustomResourceDefinition(ResourceType type, string now) =>
        new()
        {
            ["metadata"] = new JsonObject { ["name"] = type.QualifiedName },
            ["spec"] = new JsonObject
            {
                ["group"] = type.Group,
                ["scope"] = type.IsNamespaced ? "Namespaced" : "Cluster",
                ["names"] = new JsonObject
                {
                    ["plural"] = type.Plural,
                    ["singular"] = type.Kind.ToLowerInvariant(),
                    ["kind"] = type.Kind,
                    ["listKind"] = type.Kind + "List",
                    ["shortNames"] = Array(type.ShortNames),
                },
                ["versions"] = new JsonArray(
                    new JsonObject
                    {
                        ["name"] = type.Version,
                        ["served"] = true,
                        ["storage"] = true,
                        ["schema"] = new JsonObject
                        {
                            ["openAPIV3Schema"] = new JsonObject
                            {
                                ["type"] = "object",
                                ["x-kubernetes-preserve-unknown-fields"] = true,
                            },
                        },
                    }
                ),
            },
            ["status"] = new JsonObject
            {
                ["conditions"] = new JsonArray(Condition("NamesAccepted", now), Condition("Established", now)),
                ["storedVersions"] = new JsonArray(type.Version),
            },
        };

    public static JsonObject Endpoints(ServiceSpec service, IReadOnlyList<PodSpec> pods)
    {
        var endpoints = new JsonObject { ["metadata"] = Metadata(service.Namespace, service.Name, service.Selector) };
        if (pods.Count > 0)
        {
            endpoints["subsets"] = new JsonArray(
                new JsonObject
                {
                    ["addresses"] = new JsonArray([
                        .. pods.Select(p => new JsonObject
                        {
                            ["ip"] = p.Addresses[0].ToString(),
                            ["nodeName"] = NodeName,
                            ["targetRef"] = Reference(p),
                        }),
                    ]),
                    ["ports"] = TargetPorts(service),
                }
            );
        }
        return endpoints;
    }

    public static JsonObject EndpointSlice(ServiceSpec service, IReadOnlyList<PodSpec> pods, AddressFamily family)
    {
        var name = family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";
        var metadata = Metadata(service.Namespace, $"{service.Name}-{name.ToLowerInvariant()}", service.Selector);
        metadata["labels"]!["kubernetes.io/service-name"] = service.Name;
        return new()
        {
            ["metadata"] = metadata,
            ["addressType"] = name,
            ["endpoints"] = new JsonArray([
                .. pods.SelectMany(p => p.Addresses.Where(a => a.AddressFamily == family).Select(a => (p, a)))
                    .Select(e => new JsonObject
                    {
                        ["addresses"] = new JsonArray(e.a.ToString()),
                        ["conditions"] = new JsonObject { ["ready"] = true, ["serving"] = true },
                        ["nodeName"] = NodeName,
                        ["targetRef"] = Reference(e.p),
                    }),
            ]),
            ["ports"] = TargetPorts(service),
        };
    }

    private static JsonObject Metadata(string ns, string name, IReadOnlyDictionary<string, string> labels) =>
        new()
        {
            ["name"] = name,
            ["namespace"] = ns,
            ["labels"] = Map(labels),
        };

    private static JsonArray Owners(OwnerReference owner) =>
        new(
            new JsonObject
            {
                ["apiVersion"] = owner.ApiVersion,
                ["kind"] = owner.Kind,
                ["name"] = owner.Name,
                ["uid"] = owner.Uid,
                ["controller"] = true,
            }
        );

    private static JsonArray Containers(WorkloadSpec workload, IReadOnlyList<ServicePort> ports) =>
        new(WithEnvironment(Container(workload.Name, workload.Image, ports), workload.Container));

    private static JsonObject WithEnvironment(JsonObject container, ContainerSpec? spec)
    {
        if (spec is null)
        {
            return container;
        }
        container["env"] = new JsonArray([
            .. spec.Environment.Select(v => new JsonObject { ["name"] = v.Key, ["value"] = v.Value }),
        ]);
        container["volumeMounts"] = new JsonArray([
            .. spec.Mounts.Keys.Select(path => new JsonObject
            {
                ["name"] = path.Trim('/').Replace('/', '-'),
                ["mountPath"] = path,
            }),
        ]);
        return container;
    }

    private static JsonObject ContainerStatus(JsonNode container, string now) =>
        new()
        {
            ["name"] = (string?)container["name"],
            ["image"] = (string?)container["image"],
            ["imageID"] = "",
            ["ready"] = true,
            ["started"] = true,
            ["restartCount"] = 0,
            ["state"] = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = now } },
        };

    private static JsonObject Container(string name, string image, IReadOnlyList<ServicePort> ports) =>
        new()
        {
            ["name"] = name,
            ["image"] = image,
            ["ports"] = new JsonArray([
                .. ports.Select(p => new JsonObject
                {
                    ["name"] = p.Name,
                    ["containerPort"] = p.TargetPort,
                    ["protocol"] = ProtocolName(p.Protocol),
                }),
            ]),
            ["resources"] = new JsonObject(),
        };

    private static JsonArray TargetPorts(ServiceSpec service) =>
        new([
            .. service.Ports.Select(p => new JsonObject
            {
                ["name"] = p.Name,
                ["port"] = p.TargetPort,
                ["protocol"] = ProtocolName(p.Protocol),
            }),
        ]);

    private static JsonObject Reference(PodSpec pod) =>
        new()
        {
            ["kind"] = "Pod",
            ["namespace"] = pod.Namespace,
            ["name"] = pod.Name,
        };

    private static JsonObject Condition(string type, string now) =>
        new()
        {
            ["type"] = type,
            ["status"] = "True",
            ["lastTransitionTime"] = now,
        };

    private static string ProtocolName(ProtocolType protocol) => protocol == ProtocolType.Udp ? "UDP" : "TCP";

    private static string FamilyName(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6";

    private static JsonArray Array(IEnumerable<string> values) => new([.. values.Select(v => JsonValue.Create(v))]);

    private static JsonObject Map(IReadOnlyDictionary<string, string> values) =>
        new(values.Select(v => KeyValuePair.Create(v.Key, (JsonNode?)JsonValue.Create(v.Value))));
}
