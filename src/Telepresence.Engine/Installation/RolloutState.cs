using System.Globalization;
using System.Text.Json.Nodes;

namespace Telepresence.Engine.Installation;

/// <summary>Reads from a deployment and its pods whether the new one runs, and else why not.</summary>
internal static class RolloutState
{
    /// <summary>As <c>kubectl rollout status</c> decides: the newest generation runs, and of older ones nothing is left.</summary>
    public static bool IsAvailable(JsonObject deployment)
    {
        var wanted = Number(deployment["spec"]?["replicas"]) ?? 1;
        var status = deployment["status"];
        return Number(status?["observedGeneration"]) >= Number(deployment["metadata"]?["generation"])
            && Number(status?["updatedReplicas"]) >= wanted
            && Number(status?["availableReplicas"]) >= wanted
            && (Number(status?["replicas"]) ?? 0) <= (Number(status?["updatedReplicas"]) ?? 0);
    }

    /// <summary>What stands in the way: no pod, no node for it, no image, a process that ends.</summary>
    public static string Reason(JsonObject deployment, IReadOnlyList<JsonObject> pods)
    {
        var newest = pods.Where(pod => pod["metadata"]?["deletionTimestamp"] is null)
            .OrderByDescending(pod => Text(pod["metadata"]?["creationTimestamp"]), StringComparer.Ordinal)
            .FirstOrDefault();
        if (newest is null)
        {
            var failure = Condition(deployment, "ReplicaFailure");
            return Text(failure?["status"]) == "True"
                ? $"its pod cannot be made: {Text(failure?["message"])}"
                : "its pod has not been made yet";
        }
        var name = Text(newest["metadata"]?["name"]);
        var scheduled = Condition(newest, "PodScheduled");
        if (Text(scheduled?["status"]) == "False")
        {
            return $"pod {name} has no node: {Text(scheduled?["message"])}";
        }
        var container = (newest["status"]?["containerStatuses"] as JsonArray)?.FirstOrDefault();
        if (container?["state"]?["waiting"] is { } waiting)
        {
            var message = Text(waiting["message"]);
            return $"pod {name} waits: {Text(waiting["reason"])}"
                + (message.Length > 0 ? $" ({message})" : $", image {Text(container["image"])}")
                + Ended(container["lastState"]?["terminated"]);
        }
        return container?["state"]?["terminated"] is { } terminated
            ? $"the process of pod {name} ended" + Ended(terminated)
            : $"pod {name} is {(Text(newest["status"]?["phase"]) is { Length: > 0 } phase ? phase : "new")} and not ready";
    }

    /// <summary>The newest pod whose process has ended, and whether that was before the container's present run.</summary>
    public static (string Pod, bool IsPrevious)? Crashed(IReadOnlyList<JsonObject> pods)
    {
        foreach (var pod in pods)
        {
            var container = (pod["status"]?["containerStatuses"] as JsonArray)?.FirstOrDefault();
            if (container?["state"]?["terminated"] is not null)
            {
                return (Text(pod["metadata"]?["name"]), false);
            }
            if (container?["lastState"]?["terminated"] is not null)
            {
                return (Text(pod["metadata"]?["name"]), true);
            }
        }
        return null;
    }

    private static string Ended(JsonNode? terminated) =>
        terminated is null
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture,
                $", exit code {Number(terminated["exitCode"])} ({Text(terminated["reason"])})"
            );

    private static JsonNode? Condition(JsonObject item, string type) =>
        (item["status"]?["conditions"] as JsonArray)?.FirstOrDefault(condition => Text(condition?["type"]) == type);

    private static long? Number(JsonNode? value) =>
        (value as JsonValue)?.TryGetValue<long>(out var n) == true ? n : null;

    private static string Text(JsonNode? value) => value?.ToString() ?? "";
}
