using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Telepresence.Engine.Session.Configuration;

namespace Telepresence.Engine.Installation.Values;

/// <summary>Whether a value is of its key's type.</summary>
internal static partial class ValueChecks
{
    private static readonly string[] _logLevels = ["error", "warning", "info", "debug", "trace"];
    private static readonly string[] _strategies = ["auto", "nodePodCIDRs", "coverPodIPs", "environment"];
    private static readonly string[] _pullPolicies = ["Always", "IfNotPresent", "Never"];
    private static readonly string[] _subjectKinds = ["User", "Group", "ServiceAccount"];

    /// <returns>What is wrong, to be read behind the key; null where nothing is.</returns>
    public static string? Complaint(ValueType type, JsonNode value) =>
        type switch
        {
            ValueType.Text => Unless(Text(value) is not null, "must be text", value),
            ValueType.Flag => Unless(
                value.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
                "must be true or false",
                value
            ),
            ValueType.Port => Unless(Number(value) is >= 0 and <= 65535, "must be a port, 0 to 65535", value),
            ValueType.Count => Unless(Number(value) is >= 0, "must be a whole number", value),
            ValueType.Duration => Unless(
                Scalar(value) is { } text && GoDuration.TryParse(text, out _),
                "must be a duration such as 30s or 1h30m",
                value
            ),
            ValueType.Quantity => Unless(
                Scalar(value) is { } text && KubernetesQuantity.TryParse(text, out _),
                "must be a quantity such as 4Mi",
                value
            ),
            ValueType.LogLevel => OneOf(_logLevels, value),
            ValueType.PodCidrStrategy => OneOf(_strategies, value),
            ValueType.PullPolicy => OneOf(_pullPolicies, value),
            ValueType.SubnetList => Each(value, "subnets such as 10.42.0.0/16", IsSubnet),
            ValueType.NamespaceList => Each(value, "names of namespaces", IsNamespace),
            ValueType.PullSecrets => Each(
                value,
                "secrets, each as name: NAME",
                item => Text(item?["name"]) is not null
            ),
            ValueType.Subjects => Each(
                value,
                "subjects, each with kind User, Group or ServiceAccount, and name",
                IsSubject
            ),
            ValueType.Mapping => Unless(value is JsonObject, "must be a mapping", value),
            _ => Unless(value is JsonArray, "must be a list", value),
        };

    public static string? Text(JsonNode? value) =>
        value is JsonValue scalar && scalar.GetValueKind() == JsonValueKind.String ? scalar.GetValue<string>() : null;

    /// <summary>A text, or a number as text: durations and quantities are written as either.</summary>
    public static string? Scalar(JsonNode? value) =>
        value is JsonValue scalar && scalar.GetValueKind() is JsonValueKind.String or JsonValueKind.Number
            ? scalar.ToString()
            : null;

    public static long? Number(JsonNode? value) =>
        value is JsonValue scalar
        && scalar.GetValueKind() == JsonValueKind.Number
        && scalar.TryGetValue<long>(out var number)
            ? number
            : null;

    private static bool IsSubnet(JsonNode? item) => Text(item) is { } text && IPNetwork.TryParse(text, out _);

    private static bool IsNamespace(JsonNode? item) => Text(item) is { } text && NamespaceName().IsMatch(text);

    private static bool IsSubject(JsonNode? item) =>
        item is JsonObject subject
        && _subjectKinds.Contains(Text(subject["kind"]))
        && Text(subject["name"]) is { Length: > 0 };

    private static string? OneOf(string[] known, JsonNode value) =>
        Unless(known.Contains(Text(value)), $"must be one of {string.Join(", ", known)}", value);

    private static string? Each(JsonNode value, string what, Func<JsonNode?, bool> isGood) =>
        value is not JsonArray list ? Unless(false, $"must be a list of {what}", value)
        : list.FirstOrDefault(item => !isGood(item)) is { } bad ? Unless(false, $"must be a list of {what}", bad)
        : list.All(isGood) ? null
        : $"must be a list of {what}, and has an empty element";

    private static string? Unless(bool isGood, string complaint, JsonNode value) =>
        isGood ? null : $"{complaint}, and is {Shown(value)}";

    private static string Shown(JsonNode value) =>
        value switch
        {
            JsonObject => "a mapping",
            JsonArray => "a list",
            _ when Text(value) is { } text => $"'{(text.Length <= 60 ? text : text[..60] + "…")}'",
            _ => value.ToJsonString(),
        };

    /// <summary>RFC 1123 label.</summary>
    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z")]
    private static partial Regex NamespaceName();
}
