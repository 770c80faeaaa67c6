using Telepresence.Client.Contract;
using Telepresence.Client.Ipc;
using Telepresence.Client.Objects;

namespace Telepresence.FakeEngine;

/// <summary>What a kubeconfig and a cluster have.</summary>
internal static class ClusterAnswers
{
    public static void Register(JsonRpcMethods methods, Action<string, string> note)
    {
        methods.Register<ClusterSelection, TelepresenceContext[]>(
            EngineMethods.Contexts,
            (_, _, _) =>
                Task.FromResult<TelepresenceContext[]>([Context("demo"), Context("dev cluster"), Context("prod")])
        );
        methods.Register<ClusterSelection, TelepresenceNamespace[]>(
            EngineMethods.Namespaces,
            (selection, _, _) =>
            {
                note("namespaces", selection.Context ?? "");
                return Task.FromResult<TelepresenceNamespace[]>([
                    Namespace("default"),
                    Namespace("demo"),
                    Namespace("kube-system"),
                ]);
            }
        );
        methods.Register<WorkloadsParameters, TelepresenceWorkload[]>(
            EngineMethods.Workloads,
            (parameters, _, _) =>
            {
                note("workloads", $"{parameters.NamesCluster}|{string.Join(' ', parameters.Namespaces)}");
                return Task.FromResult<TelepresenceWorkload[]>([Workload("api"), Workload("web"), Workload("worker")]);
            }
        );
    }

    private static TelepresenceContext Context(string name) =>
        new()
        {
            Name = name,
            Cluster = "c",
            User = "u",
            Namespace = "default",
            Server = "https://192.0.2.1:6443",
            IsCurrent = name == "demo",
            File = "/home/me/.kube/config",
        };

    private static TelepresenceNamespace Namespace(string name) =>
        new()
        {
            Name = name,
            Context = "demo",
            Server = "https://192.0.2.1:6443",
            IsCurrent = name == "default",
        };

    private static TelepresenceWorkload Workload(string name) =>
        new()
        {
            Name = name,
            Namespace = "demo",
            Kind = "Deployment",
            State = WorkloadState.Available,
            AgentState = name == "web" ? WorkloadAgentState.Intercepted : WorkloadAgentState.None,
            Clients = name == "web" ? ["me@host"] : [],
            Session = "demo-default",
        };
}
