using System.Text.Json;
using Telepresence.Kubernetes;

namespace Telepresence.TrafficManager.Injection;

/// <summary>The text that GetAgentConfig answers.</summary>
public static class SidecarYaml
{
    /// <summary>The configuration as YAML.</summary>
    public static string Write(SidecarConfiguration configuration) =>
        BlockYaml.Write(JsonSerializer.SerializeToNode(configuration, SidecarJson.Default.SidecarConfiguration)!);
}
