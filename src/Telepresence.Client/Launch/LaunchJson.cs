using System.Text.Json.Serialization;

namespace Telepresence.Client.Launch;

/// <summary>JSON of what the launch hands to the engine.</summary>
[JsonSerializable(typeof(Dictionary<string, string>))]
public sealed partial class LaunchJson : JsonSerializerContext;
