using System.Text.Json.Serialization;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Sandbox;

/// <summary>The line that a sandbox writes when it serves.</summary>
internal sealed record SandboxReady(string Kubeconfig, string ApiServer, string[] ServiceSubnets, string[] PodSubnets);

/// <summary>JSON of the registry's files and of what a sandbox says when it serves.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TelepresenceSandbox))]
[JsonSerializable(typeof(SandboxReady))]
internal sealed partial class SandboxJson : JsonSerializerContext;
