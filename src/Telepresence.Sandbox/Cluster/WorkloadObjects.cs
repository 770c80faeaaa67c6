using System.Text.Json.Nodes;
using Telepresence.Sandbox.Api;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox.Cluster;

/// <summary>The API objects of a workload, and who owns whom among them.</summary>
internal sealed class WorkloadObjects
{
    // As a template's hash looks.
    private const string TemplateHash = "6d4cf56db6";

    private readonly WorkloadSpec _workload;
    private readonly ResourceType _type;
    private readonly bool _hasReplicaSet;

    public WorkloadObjects(WorkloadSpec workload)
    {
        _workload = workload;
        _type = TypeOf(workload.Kind);
        _hasReplicaSet = workload.Kind is WorkloadKind.Deployment or WorkloadKind.Rollout;
        PodOwner = _hasReplicaSet
            ? Reference(ResourceType.ReplicaSet, ReplicaSetName, Guid.NewGuid().ToString())
            : Self;
    }

    /// <summary>What owns the pods.</summary>
    public OwnerReference PodOwner { get; }

    private OwnerReference Self => Reference(_type, _workload.Name, _workload.Uid);

    private string ReplicaSetName =>
        _workload.Kind == WorkloadKind.Rollout ? $"{_workload.Name}-{TemplateHash}" : _workload.Name;

    public IEnumerable<(ResourceType Type, JsonObject Object)> Create(IReadOnlyList<PodSpec> pods)
    {
        var self = KubernetesObjects.Workload(_workload, _workload.Name, _workload.Uid, null, pods);
        switch (_workload.Kind)
        {
            case WorkloadKind.StatefulSet:
                self["spec"]!["serviceName"] = _workload.Name;
                break;
            case WorkloadKind.Rollout:
                self["spec"]!["strategy"] = new JsonObject { ["canary"] = new JsonObject() };
                self["status"]!["phase"] = "Healthy";
                break;
        }
        yield return (_type, self);
        if (_hasReplicaSet)
        {
            yield return (
                ResourceType.ReplicaSet,
                KubernetesObjects.Workload(_workload, PodOwner.Name, PodOwner.Uid, Self, pods)
            );
        }
    }

    private static OwnerReference Reference(ResourceType type, string name, string uid) =>
        new(type.ApiVersion, type.Kind, name, uid);

    private static ResourceType TypeOf(WorkloadKind kind) =>
        kind switch
        {
            WorkloadKind.Deployment => ResourceType.Deployment,
            WorkloadKind.ReplicaSet => ResourceType.ReplicaSet,
            WorkloadKind.StatefulSet => ResourceType.StatefulSet,
            WorkloadKind.Rollout => ResourceType.Rollout,
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
}
