using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Telepresence.TrafficManager.Cluster;

namespace Telepresence.TrafficManager.Injection;

/// <summary>Reads what matters to agents out of a pod's specification and the Services of its namespace.</summary>
internal static class ShapeReader
{
    /// <param name="pod">With metadata and spec, as in a workload's template.</param>
    /// <param name="services">Of the namespace.</param>
    public static WorkloadShape Read(JsonObject pod, IEnumerable<JsonObject> services) =>
        new(
            [
                .. Objects(pod["spec"]?["containers"])
                    .Where(c => Text(c["name"]) != PodPatch.AgentContainer)
                    .Select(Container),
            ],
            [.. services.Where(s => Selects(s, pod["metadata"]?["labels"] as JsonObject)).Select(Service)]
        );

    public static IEnumerable<JsonObject> Objects(JsonNode? array) =>
        array is JsonArray items ? items.OfType<JsonObject>() : [];

    /// <summary>A string or a number as text; empty where there is none.</summary>
    public static string Text(JsonNode? node) => (node as JsonValue)?.ToString() ?? "";

    private static ContainerShape Container(JsonObject container) =>
        new(
            Text(container["name"]),
            [
                .. Objects(container["ports"])
                    .Select(p => new ContainerPortShape(Text(p["name"]), Number(p["containerPort"]), Protocol(p))),
            ],
            [.. Objects(container["volumeMounts"]).Select(m => Text(m["mountPath"]))]
        );

    private static ServiceShape Service(JsonObject service)
    {
        var spec = service["spec"] as JsonObject ?? [];
        var addresses = (spec["clusterIPs"] as JsonArray ?? new JsonArray(spec["clusterIP"]?.DeepClone()))
            .Select(a => IPAddress.TryParse(Text(a), out var address) ? address : null)
            .OfType<IPAddress>();
        return new ServiceShape(
            Text(service["metadata"]?["name"]),
            Text(service["metadata"]?["uid"]),
            [.. addresses],
            [
                .. Objects(spec["ports"])
                    .Select(p => new ServicePortShape(
                        Text(p["name"]),
                        Number(p["port"]),
                        Protocol(p),
                        p["targetPort"] is null ? Text(p["port"]) : Text(p["targetPort"]),
                        p["appProtocol"] is { } app ? Text(app) : null
                    )),
            ]
        );
    }

    private static bool Selects(JsonObject service, JsonObject? labels) =>
        Text(service["spec"]?["type"]) != "ExternalName"
        && service["spec"]?["selector"] is JsonObject { Count: > 0 } selector
        && selector.All(s => labels is not null && labels.ContainsKey(s.Key) && Text(labels[s.Key]) == Text(s.Value));

    private static int Number(JsonNode? node) =>
        int.TryParse(Text(node), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static string Protocol(JsonObject port) => port["protocol"] is { } protocol ? Text(protocol) : "TCP";
}
