using System.Text.Json.Nodes;

namespace Telepresence.Sandbox.Cluster;

/// <summary>The ConfigMap that the chart makes of its values <c>client.*</c>, and that the manager follows (PROTOCOL §5.3).</summary>
internal static class ClientConfigMap
{
    public const string Name = "traffic-manager";

    private const string Key = "client.yaml";

    public static JsonObject Create(string ns, string clientYaml) =>
        new()
        {
            ["metadata"] = new JsonObject { ["name"] = Name, ["namespace"] = ns },
            ["data"] = new JsonObject { [Key] = clientYaml },
        };

    /// <summary>The text for clients; null for another ConfigMap.</summary>
    public static string? ClientYaml(JsonObject configMap, string ns) =>
        configMap["metadata"]?["name"]?.ToString() == Name && configMap["metadata"]?["namespace"]?.ToString() == ns
            ? configMap["data"]?[Key]?.ToString() ?? ""
            : null;
}
