using System.Globalization;
using System.Text.Json.Nodes;
using Telepresence.Engine.Installation.Values;

namespace Telepresence.Engine.Installation.Manifests;

/// <summary>The deployment: one pod that needs no privilege, and the environment that the chart gives it (PROTOCOL §7.5).</summary>
internal static class ManagerDeployment
{
    /// <summary>The user of upstream's image and of ours.</summary>
    private const int User = 1000;

    public static Manifest Make(string ns, ManagerValues values) =>
        Manifest.Of(
            ResourceKinds.Deployment,
            ns,
            InstallationLabels.ManagerName,
            new JsonObject
            {
                ["spec"] = new JsonObject
                {
                    // Sessions live in the manager's memory: a second replica would not know them.
                    ["replicas"] = 1,
                    ["selector"] = new JsonObject { ["matchLabels"] = ManagerManifests.PodLabels() },
                    ["strategy"] = new JsonObject
                    {
                        ["type"] = "RollingUpdate",
                        ["rollingUpdate"] = new JsonObject { ["maxSurge"] = 1, ["maxUnavailable"] = 0 },
                    },
                    ["template"] = Template(values),
                },
            }
        );

    private static JsonObject Template(ManagerValues values)
    {
        JsonObject metadata = [];
        if (values.PodPart("podAnnotations") is { } annotations)
        {
            metadata["annotations"] = annotations;
        }
        var labels = values.PodPart("podLabels") as JsonObject ?? [];
        foreach (var (key, value) in ManagerManifests.PodLabels())
        {
            labels[key] = value?.DeepClone();
        }
        metadata["labels"] = labels;
        JsonObject spec = new()
        {
            ["serviceAccountName"] = InstallationLabels.ManagerName,
            ["securityContext"] = new JsonObject
            {
                ["runAsNonRoot"] = true,
                ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" },
            },
            ["containers"] = new JsonArray(Container(values)),
        };
        if (values.HostNetwork)
        {
            spec["hostNetwork"] = true;
        }
        if (values.PullSecrets is { Count: > 0 } secrets)
        {
            spec["imagePullSecrets"] = secrets.DeepClone();
        }
        foreach (
            var part in (string[])["nodeSelector", "affinity", "tolerations", "priorityClassName", "schedulerName"]
        )
        {
            if (values.PodPart(part) is { } given)
            {
                spec[part] = given;
            }
        }
        return new JsonObject { ["metadata"] = metadata, ["spec"] = spec };
    }

    private static JsonObject Container(ManagerValues values)
    {
        JsonArray ports = [Port("api", values.ApiPort)];
        if (values.PrometheusPort != 0)
        {
            ports.Add(Port("prometheus", values.PrometheusPort));
        }
        JsonObject container = new()
        {
            ["name"] = InstallationLabels.ManagerName,
            ["image"] = values.Image.ToString(),
            ["imagePullPolicy"] = values.PullPolicy,
            ["env"] = new JsonArray([.. Environment(values)]),
            ["ports"] = ports,
            // Upstream's image has no path to ask over HTTP; a port that accepts is what clients need.
            ["readinessProbe"] = new JsonObject
            {
                ["tcpSocket"] = new JsonObject { ["port"] = "api" },
                ["periodSeconds"] = 3,
            },
            ["securityContext"] = new JsonObject
            {
                ["runAsNonRoot"] = true,
                ["runAsUser"] = User,
                ["readOnlyRootFilesystem"] = true,
                ["allowPrivilegeEscalation"] = false,
                ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") },
            },
        };
        if (values.PodPart("resources") is { } resources)
        {
            container["resources"] = resources;
        }
        return container;
    }

    private static JsonObject Port(string name, int number) =>
        new()
        {
            ["name"] = name,
            ["containerPort"] = number,
            ["protocol"] = "TCP",
        };

    private static IEnumerable<JsonNode> Environment(ManagerValues values)
    {
        (string Name, string? Value)[] variables =
        [
            ("LOG_LEVEL", values.LogLevel),
            ("REGISTRY", values.Image.Registry),
            ("SERVER_PORT", Text(values.ApiPort)),
            ("POD_CIDR_STRATEGY", values.PodCidrStrategy),
            ("POD_CIDRS", Join(values.PodCidrs)),
            ("GRPC_MAX_RECEIVE_SIZE", values.MaxReceiveSize),
            ("ENABLED_WORKLOAD_KINDS", Join(values.WorkloadKinds)),
            ("MAX_NAMESPACE_SPECIFIC_WATCHERS", Text(values.MaxNamespaceSpecificWatchers)),
            ("AGENT_ARRIVAL_TIMEOUT", values.AgentArrival),
            ("AGENT_REST_API_PORT", values.AgentApiPort == 0 ? null : Text(values.AgentApiPort)),
            ("PROMETHEUS_PORT", values.PrometheusPort == 0 ? null : Text(values.PrometheusPort)),
            ("CLIENT_CONNECTION_TTL", values.ConnectionTtl),
            ("CLIENT_ROUTING_ALSO_PROXY_SUBNETS", ClientList(values, "routing", "alsoProxySubnets")),
            ("CLIENT_ROUTING_NEVER_PROXY_SUBNETS", ClientList(values, "routing", "neverProxySubnets")),
            ("CLIENT_ROUTING_ALLOW_CONFLICTING_SUBNETS", ClientList(values, "routing", "allowConflictingSubnets")),
            ("CLIENT_DNS_EXCLUDE_SUFFIXES", ClientList(values, "dns", "excludeSuffixes")),
            ("CLIENT_DNS_INCLUDE_SUFFIXES", ClientList(values, "dns", "includeSuffixes")),
        ];
        foreach (var (name, value) in variables.Where(variable => !string.IsNullOrEmpty(variable.Value)))
        {
            yield return new JsonObject { ["name"] = name, ["value"] = value };
        }
        yield return FromField("MANAGER_NAMESPACE", "metadata.namespace");
        yield return FromField("POD_IP", "status.podIP");
    }

    private static JsonObject FromField(string name, string path) =>
        new()
        {
            ["name"] = name,
            ["valueFrom"] = new JsonObject
            {
                ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = path },
            },
        };

    /// <summary>The manager pushes these lists to clients, besides what it serves from the ConfigMap.</summary>
    private static string ClientList(ManagerValues values, string section, string key) =>
        (values.Client[section] as JsonObject)?[key] is JsonArray list
            ? Join(list.Select(ValueChecks.Text).OfType<string>())
            : "";

    private static string Join(IEnumerable<string> parts) => string.Join(' ', parts);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
