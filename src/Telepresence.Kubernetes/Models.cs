using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Telepresence.Kubernetes;

// The part of the API objects that is read here, named as the official client names it. Setters, not init accessors:
// the source generator assigns every init property, and what the server left out would lose its default. Go servers
// write null for an empty list.

internal sealed record V1ObjectMeta
{
    public string? Name { get; set; }

    [JsonPropertyName("namespace")]
    public string? NamespaceProperty { get; set; }
    public string? Uid { get; set; }
    public string? ResourceVersion { get; set; }
    public DateTimeOffset? CreationTimestamp { get; set; }
    public DateTimeOffset? DeletionTimestamp { get; set; }
    public IReadOnlyDictionary<string, string>? Labels { get; set; }
    public IReadOnlyDictionary<string, string>? Annotations { get; set; }
    public IReadOnlyList<V1OwnerReference>? OwnerReferences { get; set; }
}

internal sealed record V1ListMeta
{
    public string? ResourceVersion { get; set; }

    [JsonPropertyName("continue")]
    public string? ContinueProperty { get; set; }
}

internal sealed record V1ServicePort
{
    public string? Name { get; set; }
    public int Port { get; set; }
    public string? Protocol { get; set; }

    /// <summary>A number or the name of a container port.</summary>
    public JsonElement? TargetPort { get; set; }
}

internal sealed record V1ServiceSpec
{
    [JsonPropertyName("clusterIP")]
    public string? ClusterIP { get; set; }

    [JsonPropertyName("clusterIPs")]
    public IReadOnlyList<string>? ClusterIPs { get; set; }
    public string? Type { get; set; }
    public IReadOnlyDictionary<string, string>? Selector { get; set; }
    public IReadOnlyList<V1ServicePort>? Ports { get; set; }
}

internal sealed record V1Service
{
    public V1ObjectMeta Metadata
    {
        get;
        set => field = value ?? new();
    } = new();
    public V1ServiceSpec Spec
    {
        get;
        set => field = value ?? new();
    } = new();
}

internal sealed record V1ContainerPort
{
    public string? Name { get; set; }
    public int ContainerPort { get; set; }
    public string? Protocol { get; set; }
}

internal sealed record V1Container
{
    public string? Name { get; set; }
    public string? Image { get; set; }
    public IReadOnlyList<V1ContainerPort>? Ports { get; set; }
}

internal sealed record V1PodSpec
{
    public string? NodeName { get; set; }
    public IReadOnlyList<V1Container>? Containers { get; set; }
}

internal sealed record V1PodCondition
{
    public string? Type { get; set; }
    public string? Status { get; set; }
    public DateTimeOffset? LastTransitionTime { get; set; }
}

internal sealed record V1ContainerStatus
{
    public string? Name { get; set; }
    public bool Ready { get; set; }
    public int RestartCount { get; set; }
}

internal sealed record V1PodIP
{
    public string? Ip { get; set; }
}

internal sealed record V1PodStatus
{
    public string? Phase { get; set; }

    [JsonPropertyName("podIP")]
    public string? PodIP { get; set; }

    /// <summary>One of each family that the cluster has.</summary>
    [JsonPropertyName("podIPs")]
    public IReadOnlyList<V1PodIP>? PodIPs { get; set; }
    public IReadOnlyList<V1PodCondition>? Conditions { get; set; }
    public IReadOnlyList<V1ContainerStatus>? ContainerStatuses { get; set; }
}

internal sealed record V1Pod
{
    public V1ObjectMeta Metadata
    {
        get;
        set => field = value ?? new();
    } = new();
    public V1PodSpec Spec
    {
        get;
        set => field = value ?? new();
    } = new();
    public V1PodStatus Status
    {
        get;
        set => field = value ?? new();
    } = new();
}

internal sealed record V1Namespace
{
    public V1ObjectMeta Metadata
    {
        get;
        set => field = value ?? new();
    } = new();
}

internal sealed record V1ConfigMap
{
    public V1ObjectMeta Metadata
    {
        get;
        set => field = value ?? new();
    } = new();
    public IReadOnlyDictionary<string, string>? Data { get; set; }
}

internal sealed record V1NodeSpec
{
    [JsonPropertyName("podCIDR")]
    public string? PodCIDR { get; set; }

    [JsonPropertyName("podCIDRs")]
    public IReadOnlyList<string>? PodCIDRs { get; set; }
}

internal sealed record V1Node
{
    public V1ObjectMeta Metadata
    {
        get;
        set => field = value ?? new();
    } = new();
    public V1NodeSpec Spec
    {
        get;
        set => field = value ?? new();
    } = new();
}

internal sealed record V1ServiceCIDRSpec
{
    public IReadOnlyList<string>? Cidrs { get; set; }
}

/// <summary>networking.k8s.io/v1, from Kubernetes 1.33 on; v1beta1 from 1.31 on.</summary>
internal sealed record V1ServiceCIDR
{
    public V1ObjectMeta Metadata
    {
        get;
        set => field = value ?? new();
    } = new();
    public V1ServiceCIDRSpec Spec
    {
        get;
        set => field = value ?? new();
    } = new();
}

internal sealed record V1List<T>
{
    public V1ListMeta Metadata
    {
        get;
        set => field = value ?? new();
    } = new();
    public IReadOnlyList<T> Items
    {
        get;
        set => field = value ?? [];
    } = [];
}

/// <summary>What the API server answers when it refuses.</summary>
internal sealed record V1Status
{
    public string? Status { get; set; }
    public string? Message { get; set; }
    public string? Reason { get; set; }
    public int? Code { get; set; }
}

internal sealed record VersionInfo
{
    public string? Major { get; set; }
    public string? Minor { get; set; }
    public string? GitVersion { get; set; }
}

internal sealed record V1ResourceAttributes
{
    [JsonPropertyName("namespace")]
    public string? NamespaceProperty { get; set; }
    public string? Verb { get; set; }
    public string? Group { get; set; }
    public string? Resource { get; set; }
    public string? Subresource { get; set; }
    public string? Name { get; set; }
}

internal sealed record V1SelfSubjectAccessReviewSpec
{
    public V1ResourceAttributes? ResourceAttributes { get; set; }
}

internal sealed record V1SubjectAccessReviewStatus
{
    public bool Allowed { get; set; }
    public string? Reason { get; set; }
}

internal sealed record V1SelfSubjectAccessReview
{
    public string ApiVersion { get; set; } = "authorization.k8s.io/v1";
    public string Kind { get; set; } = "SelfSubjectAccessReview";
    public V1SelfSubjectAccessReviewSpec Spec
    {
        get;
        set => field = value ?? new();
    } = new();
    public V1SubjectAccessReviewStatus? Status { get; set; }
}

/// <summary>One line of a watch.</summary>
internal sealed record WatchEvent
{
    public string? Type { get; set; }

    [JsonPropertyName("object")]
    public JsonElement ObjectProperty { get; set; }
}

internal sealed record ExecCredentialStatus
{
    public DateTimeOffset? ExpirationTimestamp { get; set; }
    public string? Token { get; set; }
    public string? ClientCertificateData { get; set; }
    public string? ClientKeyData { get; set; }
}

internal sealed record ExecCredentialCluster
{
    public string? Server { get; set; }

    [JsonPropertyName("tls-server-name")]
    public string? TlsServerName { get; set; }

    [JsonPropertyName("insecure-skip-tls-verify")]
    public bool? InsecureSkipTlsVerify { get; set; }

    [JsonPropertyName("certificate-authority-data")]
    public string? CertificateAuthorityData { get; set; }

    [JsonPropertyName("proxy-url")]
    public string? ProxyUrl { get; set; }

    [JsonPropertyName("disable-compression")]
    public bool? DisableCompression { get; set; }

    /// <summary>What the cluster's extension for plugins holds.</summary>
    public JsonElement? Config { get; set; }
}

internal sealed record ExecCredentialSpec
{
    public bool Interactive { get; set; }
    public ExecCredentialCluster? Cluster { get; set; }
}

/// <summary>What goes to a credential plugin (KUBERNETES_EXEC_INFO) and what it prints.</summary>
internal sealed record ExecCredential
{
    public string? ApiVersion { get; set; }
    public string? Kind { get; set; }
    public ExecCredentialSpec? Spec { get; set; }
    public ExecCredentialStatus? Status { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(V1Service))]
[JsonSerializable(typeof(V1Pod))]
[JsonSerializable(typeof(V1Namespace))]
[JsonSerializable(typeof(V1ConfigMap))]
[JsonSerializable(typeof(V1Node))]
[JsonSerializable(typeof(V1Workload))]
[JsonSerializable(typeof(V1ServiceCIDR))]
[JsonSerializable(typeof(V1List<V1Service>))]
[JsonSerializable(typeof(V1List<V1Pod>))]
[JsonSerializable(typeof(V1List<V1Namespace>))]
[JsonSerializable(typeof(V1List<V1Node>))]
[JsonSerializable(typeof(V1List<V1Workload>))]
[JsonSerializable(typeof(V1List<JsonObject>))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(V1List<V1ConfigMap>))]
[JsonSerializable(typeof(V1List<V1ServiceCIDR>))]
[JsonSerializable(typeof(V1Status))]
[JsonSerializable(typeof(VersionInfo))]
[JsonSerializable(typeof(V1SelfSubjectAccessReview))]
[JsonSerializable(typeof(WatchEvent))]
[JsonSerializable(typeof(ExecCredential))]
internal sealed partial class KubernetesJsonContext : JsonSerializerContext;
