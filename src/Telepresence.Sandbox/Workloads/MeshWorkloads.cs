using System.Net;
using System.Net.Sockets;
using Telepresence.Sandbox.Api;
using Telepresence.Sandbox.Cluster;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.Sandbox.Workloads;

/// <summary>
/// What runs in the namespace <c>mesh</c>: a workload of every kind that can have a traffic-agent. They are kept apart from the
/// other samples because a namespace with agents has its clients' connections leave through one of them.
/// </summary>
internal static class MeshWorkloads
{
    /// <summary>The Deployments that have agents from the start.</summary>
    private static readonly string[] s_withAgents = ["echo-a", "echo-b"];

    /// <summary>Those that get theirs when asked for.</summary>
    private static readonly (WorkloadKind Kind, string Name)[] s_withoutAgents =
    [
        (WorkloadKind.StatefulSet, "echo-set"),
        (WorkloadKind.ReplicaSet, "echo-bare"),
        (WorkloadKind.Rollout, "echo-rollout"),
    ];

    /// <param name="model">Where to add them.</param>
    /// <param name="own">Takes over what must be disposed with the sandbox.</param>
    /// <returns>Those that are to have agents from the start.</returns>
    public static IReadOnlyList<PodSpec> Add(ClusterModel model, Action<object> own)
    {
        model.AddCustomResource(ResourceType.Rollout);
        var echo = new TcpWorkload(Echo.ServeAsync);
        own(echo);
        var port = new ServicePort("tcp-echo", ProtocolType.Tcp, 7, 7);
        var pods = new List<PodSpec>();
        foreach (var name in s_withAgents)
        {
            pods.AddRange(Add(model, WorkloadKind.Deployment, name, port, echo.EndPoint));
        }
        foreach (var (kind, name) in s_withoutAgents)
        {
            Add(model, kind, name, port, echo.EndPoint);
        }
        return pods;
    }

    private static IReadOnlyList<PodSpec> Add(
        ClusterModel model,
        WorkloadKind kind,
        string name,
        ServicePort port,
        IPEndPoint listener
    )
    {
        var labels = new Dictionary<string, string> { ["app"] = name };
        var workload = new WorkloadSpec(kind, SandboxCluster.MeshNamespace, name, "", "sandbox/echo", labels);
        var pods = model.AddWorkload(workload, [new Dictionary<ServicePort, IPEndPoint> { [port] = listener }]);
        model.AddService(
            new ServiceSpec(SandboxCluster.MeshNamespace, name, model.NextServiceAddresses(), labels, [port])
        );
        return pods;
    }
}
