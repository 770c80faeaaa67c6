using System.Text.Json;
using System.Text.Json.Serialization;

namespace Telepresence.Engine.Kubernetes;

// The part of the API objects that the engine reads, named as the official client names it.

internal sealed record V1ObjectMeta
{
    public string? Name { get; init; }

    [JsonPropertyName("namespace")]
    public string? NamespaceProperty { get; init; }
    public string? Uid { get; init; }
    public string? ResourceVersion { get; init; }
    public DateTimeOffset? CreationTimestamp { get; init; }
    public DateTimeOffset? DeletionTimestamp { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

internal sealed record V1ListMeta
{
    public string? ResourceVersion { get; init; }

    [JsonPropertyName("continue")]
    public string? ContinueProperty { get; init; }
}

internal sealed record V1ServicePort
{
    public string? Name { get; init; }
    public int Port { get; init; }
    public string? Protocol { get; init; }

    /// <summary>A number or the name of a container port.</summary>
    public JsonElement? TargetPort { get; init; }
}

internal sealed record V1ServiceSpec
{
    [JsonPropertyName("clusterIP")]
    public string? ClusterIP { get; init; }

    [JsonPropertyName("clusterIPs")]
    public IReadOnlyList<string>? ClusterIPs { get; init; }
    public string? Type { get; init; }
    public IReadOnlyDictionary<string, string>? Selector { get; init; }
    public IReadOnlyList<V1ServicePort>? Ports { get; init; }
}

internal sealed record V1Service
{
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1ServiceSpec Spec { get; init; } = new();
}

internal sealed record V1ContainerPort
{
    public string? Name { get; init; }
    public int ContainerPort { get; init; }
    public string? Protocol { get; init; }
}

internal sealed record V1Container
{
    public string? Name { get; init; }
    public string? Image { get; init; }
    public IReadOnlyList<V1ContainerPort>? Ports { get; init; }
}

internal sealed record V1PodSpec
{
    public string? NodeName { get; init; }
    public IReadOnlyList<V1Container>? Containers { get; init; }
}

internal sealed record V1PodCondition
{
    public string? Type { get; init; }
    public string? Status { get; init; }
    public DateTimeOffset? LastTransitionTime { get; init; }
}

internal sealed record V1ContainerStatus
{
    public string? Name { get; init; }
    public bool Ready { get; init; }
    public int RestartCount { get; init; }
}

internal sealed record V1PodStatus
{
    public string? Phase { get; init; }

    [JsonPropertyName("podIP")]
    public string? PodIP { get; init; }
    public IReadOnlyList<V1PodCondition>? Conditions { get; init; }
    public IReadOnlyList<V1ContainerStatus>? ContainerStatuses { get; init; }
}

internal sealed record V1Pod
{
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1PodSpec Spec { get; init; } = new();
    public V1PodStatus Status { get; init; } = new();
}

internal sealed record V1Namespace
{
    public V1ObjectMeta Metadata { get; init; } = new();
}

internal sealed record V1NodeSpec
{
    [JsonPropertyName("podCIDR")]
    public string? PodCIDR { get; init; }

    [JsonPropertyName("podCIDRs")]
    public IReadOnlyList<string>? PodCIDRs { get; init; }
}

internal sealed record V1Node
{
    public V1ObjectMeta Metadata { get; init; } = new();
    public V1NodeSpec Spec { get; init; } = new();
}

internal sealed record V1List<T>
{
    public V1ListMeta Metadata { get; init; } = new();
    public IReadOnlyList<T> Items { get; init; } = [];
}

/// <summary>What the API server answers when it refuses.</summary>
internal sealed record V1Status
{
    public string? Status { get; init; }
    public string? Message { get; init; }
    public string? Reason { get; init; }
    public int? Code { get; init; }
}

internal sealed record VersionInfo
{
    public string? Major { get; init; }
    public string? Minor { get; init; }
    public string? GitVersion { get; init; }
}

internal sealed record V1ResourceAttributes
{
    [JsonPropertyName("namespace")]
    public string? NamespaceProperty { get; init; }
    public string? Verb { get; init; }
    public string? Group { get; init; }
    public string? Resource { get; init; }
    public string? Subresource { get; init; }
    public string? Name { get; init; }
}

internal sealed record V1SelfSubjectAccessReviewSpec
{
    public V1ResourceAttributes? ResourceAttributes { get; init; }
}

internal sealed record V1SubjectAccessReviewStatus
{
    public bool Allowed { get; init; }
    public string? Reason { get; init; }
}

internal sealed record V1SelfSubjectAccessReview
{
    public string ApiVersion { get; init; } = "authorization.k8s.io/v1";
    public string Kind { get; init; } = "SelfSubjectAccessReview";
    public V1SelfSubjectAccessReviewSpec Spec { get; init; } = new();
    public V1SubjectAccessReviewStatus? Status { get; init; }
}

/// <summary>One line of a watch.</summary>
internal sealed record WatchEvent
{
    public string? Type { get; init; }

    [JsonPropertyName("object")]
    public JsonElement ObjectProperty { get; init; }
}

internal sealed record ExecCredentialStatus
{
    public DateTimeOffset? ExpirationTimestamp { get; init; }
    public string? Token { get; init; }
    public string? ClientCertificateData { get; init; }
    public string? ClientKeyData { get; init; }
}

internal sealed record ExecCredentialCluster
{
    public string? Server { get; init; }

    [JsonPropertyName("tls-server-name")]
    public string? TlsServerName { get; init; }

    [JsonPropertyName("insecure-skip-tls-verify")]
    public bool? InsecureSkipTlsVerify { get; init; }

    [JsonPropertyName("certificate-authority-data")]
    public string? CertificateAuthorityData { get; init; }
}

internal sealed record ExecCredentialSpec
{
    public bool Interactive { get; init; }
    public ExecCredentialCluster? Cluster { get; init; }
}

/// <summary>What goes to a credential plugin (KUBERNETES_EXEC_INFO) and what it prints.</summary>
internal sealed record ExecCredential
{
    public string? ApiVersion { get; init; }
    public string? Kind { get; init; }
    public ExecCredentialSpec? Spec { get; init; }
    public ExecCredentialStatus? Status { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(V1Service))]
[JsonSerializable(typeof(V1Pod))]
[JsonSerializable(typeof(V1Namespace))]
[JsonSerializable(typeof(V1List<V1Service>))]
[JsonSerializable(typeof(V1List<V1Pod>))]
[JsonSerializable(typeof(V1List<V1Namespace>))]
[JsonSerializable(typeof(V1List<V1Node>))]
[JsonSerializable(typeof(V1Status))]
[JsonSerializable(typeof(VersionInfo))]
[JsonSerializable(typeof(V1SelfSubjectAccessReview))]
[JsonSerializable(typeof(WatchEvent))]
[JsonSerializable(typeof(ExecCredential))]
internal sealed partial class KubernetesJsonContext : JsonSerializerContext;
