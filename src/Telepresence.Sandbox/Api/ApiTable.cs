using System.Globalization;
using System.Text.Json.Nodes;

namespace Telepresence.Sandbox.Api;

/// <summary>meta.k8s.io/v1 Tables: the columns <c>kubectl get</c> prints.</summary>
internal sealed class ApiTable(TimeProvider time)
{
    private sealed record Column(string Name, Func<JsonObject, string> Value, int Priority = 0, string Type = "string");

    private static readonly Dictionary<ResourceType, Column[]> s_columns = new()
    {
        [ResourceType.Namespace] = [new("Status", o => Text(o["status"]?["phase"]))],
        [ResourceType.Node] =
        [
            new("Status", _ => "Ready"),
            new("Roles", _ => "control-plane"),
            new("Version", o => Text(o["status"]?["nodeInfo"]?["kubeletVersion"])),
            new("Internal-IP", o => Text(o["status"]?["addresses"]?[0]?["address"]), 1),
            new("OS-Image", o => Text(o["status"]?["nodeInfo"]?["osImage"]), 1),
            new("Container-Runtime", o => Text(o["status"]?["nodeInfo"]?["containerRuntimeVersion"]), 1),
        ],
        [ResourceType.Service] =
        [
            new("Type", o => Text(o["spec"]?["type"])),
            new("Cluster-IP", o => Text(o["spec"]?["clusterIP"])),
            new("External-IP", o => Text(o["spec"]?["externalName"])),
            new("Port(s)", o => Join(o["spec"]?["ports"], p => $"{p["port"]}/{p["protocol"]}")),
            new("Selector", o => Pairs(o["spec"]?["selector"]), 1),
        ],
        [ResourceType.Pod] =
        [
            new("Ready", o => Ready(o["status"]?["containerStatuses"])),
            new("Status", o => Text(o["status"]?["phase"])),
            new("Restarts", _ => "0", 0, "integer"),
            new("IP", o => Text(o["status"]?["podIP"]), 1),
            new("Node", o => Text(o["spec"]?["nodeName"]), 1),
        ],
        [ResourceType.Endpoints] =
        [
            new(
                "Endpoints",
                o => Join(o["subsets"], s => Join(s["addresses"], a => Join(s["ports"], p => $"{a["ip"]}:{p["port"]}")))
            ),
        ],
        [ResourceType.EndpointSlice] =
        [
            new("AddressType", o => Text(o["addressType"])),
            new("Ports", o => Join(o["ports"], p => Text(p["port"]))),
            new("Endpoints", o => Join(o["endpoints"], e => Text(e["addresses"]?[0]))),
        ],
        [ResourceType.Deployment] =
        [
            new("Ready", o => $"{Count(o["status"]?["readyReplicas"])}/{Count(o["spec"]?["replicas"])}"),
            new("Up-to-date", o => Count(o["status"]?["updatedReplicas"])),
            new("Available", o => Count(o["status"]?["availableReplicas"])),
            new("Containers", o => Join(o["spec"]?["template"]?["spec"]?["containers"], c => Text(c["name"])), 1),
            new("Images", o => Join(o["spec"]?["template"]?["spec"]?["containers"], c => Text(c["image"])), 1),
            new("Selector", o => Pairs(o["spec"]?["selector"]?["matchLabels"]), 1),
        ],
        [ResourceType.ReplicaSet] =
        [
            new("Desired", o => Count(o["spec"]?["replicas"])),
            new("Current", o => Count(o["status"]?["replicas"])),
            new("Ready", o => Count(o["status"]?["readyReplicas"])),
        ],
        [ResourceType.StatefulSet] =
        [
            new("Ready", o => $"{Count(o["status"]?["readyReplicas"])}/{Count(o["spec"]?["replicas"])}"),
        ],
        [ResourceType.Rollout] =
        [
            new("Desired", o => Count(o["spec"]?["replicas"])),
            new("Current", o => Count(o["status"]?["replicas"])),
            new("Up-to-date", o => Count(o["status"]?["updatedReplicas"])),
            new("Available", o => Count(o["status"]?["availableReplicas"])),
        ],
        [ResourceType.CustomResourceDefinition] = [new("Created At", o => Text(o["metadata"]?["creationTimestamp"]))],
        [ResourceType.ServiceCidr] = [new("CIDRs", o => Join(o["spec"]?["cidrs"], Text))],
    };

    public static bool IsWanted(HttpRequest request) =>
        request
            .Headers.Accept.SelectMany(a => (a ?? "").Split(','))
            .Select(a => a.Split(';', StringSplitOptions.TrimEntries))
            .Any(a => a.Contains("as=Table") && a.Contains("g=meta.k8s.io") && a.Contains("v=v1"));

    /// <param name="include">includeObject: None, Metadata (the default) or Object.</param>
    public JsonObject Create(ResourceType type, IEnumerable<JsonObject> items, string? revision, string? include)
    {
        Column[] columns =
        [
            new("Name", o => Text(o["metadata"]?["name"])),
            .. s_columns.GetValueOrDefault(type, []),
            new("Age", Age),
        ];
        // kubectl prints what is of lesser priority behind the age.
        columns = [.. columns.Where(c => c.Priority == 0), .. columns.Where(c => c.Priority > 0)];
        var rows = items.Select(item => (JsonNode)Row(columns, item, include));
        return new()
        {
            ["kind"] = "Table",
            ["apiVersion"] = "meta.k8s.io/v1",
            ["metadata"] = new JsonObject { ["resourceVersion"] = revision },
            ["columnDefinitions"] = new JsonArray([.. columns.Select(Definition)]),
            ["rows"] = new JsonArray([.. rows]),
        };
    }

    private static JsonObject Row(Column[] columns, JsonObject item, string? include)
    {
        var row = new JsonObject { ["cells"] = new JsonArray([.. columns.Select(c => Cell(c, item))]) };
        if (include == "Object")
        {
            row["object"] = item.DeepClone();
        }
        else if (include != "None")
        {
            row["object"] = new JsonObject
            {
                ["kind"] = "PartialObjectMetadata",
                ["apiVersion"] = "meta.k8s.io/v1",
                ["metadata"] = item["metadata"]!.DeepClone(),
            };
        }
        return row;
    }

    private static JsonValue Cell(Column column, JsonObject item)
    {
        var text = column.Value(item);
        return column.Type == "integer"
            ? JsonValue.Create(int.Parse(text, CultureInfo.InvariantCulture))
            : JsonValue.Create(text.Length == 0 ? "<none>" : text);
    }

    private static JsonObject Definition(Column column) =>
        new JsonObject
        {
            ["name"] = column.Name,
            ["type"] = column.Type,
            ["format"] = column.Name == "Name" ? "name" : "",
            ["description"] = "",
            ["priority"] = column.Priority,
        };

    private string Age(JsonObject item)
    {
        var created = DateTimeOffset.Parse(Text(item["metadata"]?["creationTimestamp"]), CultureInfo.InvariantCulture);
        var age = time.GetUtcNow() - created;
        return age.TotalMinutes < 2 ? $"{Math.Max(0, (int)age.TotalSeconds)}s"
            : age.TotalHours < 3 ? $"{(int)age.TotalMinutes}m"
            : age.TotalHours < 48 ? $"{(int)age.TotalHours}h"
            : $"{(int)age.TotalDays}d";
    }

    private static string Text(JsonNode? node) => node?.ToString() ?? "";

    private static string Ready(JsonNode? containers) =>
        containers is JsonArray all ? $"{all.Count(c => (bool?)c?["ready"] == true)}/{all.Count}" : "0/0";

    private static string Count(JsonNode? node) => node?.ToString() ?? "0";

    private static string Join(JsonNode? list, Func<JsonNode, string> text) =>
        list is JsonArray items ? string.Join(',', items.Select(i => text(i!))) : "";

    private static string Pairs(JsonNode? labels) =>
        labels is JsonObject pairs ? string.Join(',', pairs.Select(p => $"{p.Key}={p.Value}")) : "";
}
