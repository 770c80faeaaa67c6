namespace Telepresence.Kubernetes;

internal sealed record V1OwnerReference
{
    public string? Kind { get; set; }
    public string? Name { get; set; }
    public bool? Controller { get; set; }
}

internal sealed record V1WorkloadCondition
{
    public string? Type { get; set; }
    public string? Status { get; set; }
}

internal sealed record V1WorkloadSpec
{
    public int? Replicas { get; set; }
}

internal sealed record V1WorkloadStatus
{
    public int ReadyReplicas { get; set; }
    public IReadOnlyList<V1WorkloadCondition>? Conditions { get; set; }
}

/// <summary>What deployments, replica sets, stateful sets and rollouts have in common.</summary>
internal sealed record V1Workload
{
    public V1ObjectMeta Metadata
    {
        get;
        set => field = value ?? new();
    } = new();
    public V1WorkloadSpec Spec
    {
        get;
        set => field = value ?? new();
    } = new();
    public V1WorkloadStatus Status
    {
        get;
        set => field = value ?? new();
    } = new();
}
