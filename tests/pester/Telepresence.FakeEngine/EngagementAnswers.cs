using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;
using Telepresence.Client.Objects;

namespace Telepresence.FakeEngine;

/// <summary>Two engagements; what is new is made of its request, workload "taken" belongs to alice.</summary>
internal static class EngagementAnswers
{
    public static void Register(JsonRpcMethods methods, Action<string, string> note)
    {
        methods.Register<EngagementRequest, TelepresenceEngagement>(
            EngineMethods.Engage,
            (request, call, _) =>
            {
                note("engage", Text(request));
                call.Connection.Notify(
                    EngineMethods.EngagementProgressed,
                    new EngagementProgress(request.Operation!, $"waiting for a traffic-agent in {request.Workload}")
                );
                return Task.FromResult(New(request));
            }
        );
        methods.Register<EngagementParameters, TelepresenceEngagement[]>(
            EngineMethods.ListEngagements,
            (_, _, _) =>
                Task.FromResult<TelepresenceEngagement[]>([
                    New(new EngagementRequest { Workload = "web", Ports = ["8080:http"] }),
                    New(new EngagementRequest { Kind = EngagementKind.Ingest, Workload = "worker" }),
                ])
        );
        methods.Register<EngagementParameters>(
            EngineMethods.RemoveEngagement,
            (parameters, _, _) =>
            {
                note("removed", $"{parameters.Session}|{parameters.Name}");
                return Task.CompletedTask;
            }
        );
        methods.Register<WorkloadPortsParameters, string[]>(
            EngineMethods.WorkloadPorts,
            (parameters, _, _) =>
                Task.FromResult<string[]>(parameters.Workload == "web" ? ["8080:http", "5353:dns/UDP"] : [])
        );
        methods.Register<AgentRemoval, string[]>(
            EngineMethods.UninstallAgents,
            (removal, _, _) =>
            {
                note("uninstalled", $"{removal.Session}|{string.Join(' ', removal.Workloads)}");
                return Task.FromResult<string[]>([.. removal.Workloads]);
            }
        );
    }

    private static TelepresenceEngagement New(EngagementRequest request) =>
        request.Workload == "taken"
            ? throw ErrorCatalogue.Error(
                ErrorId.EngagementConflict,
                "taken",
                ("workload", "taken"),
                ("client", "alice@laptop"),
                ("reason", "she has it")
            )
            : new()
            {
                Name = request.Name ?? request.Workload,
                Kind = request.Kind,
                Workload = request.Workload,
                WorkloadKind = "Deployment",
                Namespace = "demo",
                State = EngagementState.Active,
                Service = request.Kind == EngagementKind.Ingest ? "" : "web",
                Ports = request.Kind == EngagementKind.Ingest ? [] : ["8080:80/TCP"],
                Address = request.Kind == EngagementKind.Ingest ? "" : "127.0.0.1",
                Container = "app",
                PodName = "web-5d8f7-x2x4z",
                PodIP = "10.244.0.9",
                Environment =
                {
                    ["TP_GREETING"] = "it's $me",
                    ["TP_DB"] = "postgres://246.0.0.7/db",
                    ["tp.dotted"] = "1",
                },
                MountPoint = request.Mounts ? "/tmp/telepresence-x1y2z3" : "",
                IsMountReadOnly = request.MountReadOnly,
                MountError = request.MountPoint == "/broken" ? "Volumes need sshfs." : "",
                ToPod = [.. request.ToPod],
                Since = new DateTime(2026, 11, 22, 8, 0, 0, DateTimeKind.Utc),
                Session = request.Session ?? "demo-default",
            };

    private static string Text(EngagementRequest request) =>
        string.Join(
            '|',
            request.Kind,
            request.Session,
            request.Name,
            request.Workload,
            request.Service,
            request.Container,
            string.Join(' ', request.Ports),
            request.Address,
            string.Join(' ', request.ToPod),
            string.Join(' ', request.HttpHeaders.Select(pair => $"{pair.Key}={pair.Value}")),
            string.Join(' ', request.HttpPaths),
            string.Join(' ', request.Metadata.Select(pair => $"{pair.Key}={pair.Value}")),
            $"plaintext={request.Plaintext} mounts={request.Mounts} {request.MountPoint} ro={request.MountReadOnly} {request.LocalMountPort} {request.TimeoutSeconds}"
        );
}
