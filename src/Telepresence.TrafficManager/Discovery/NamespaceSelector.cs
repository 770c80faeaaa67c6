using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Telepresence.TrafficManager.Discovery;

/// <summary>
/// Which namespaces are the manager's: a Kubernetes label selector, in the ConfigMap's <c>namespace-selector.yaml</c>.
/// </summary>
internal sealed class NamespaceSelector
{
    private const string NameLabel = "kubernetes.io/metadata.name";

    private readonly IReadOnlyList<Requirement> _requirements;

    private NamespaceSelector(IReadOnlyList<Requirement> requirements) => _requirements = requirements;

    /// <summary>
    /// The namespaces by name, where the selector is nothing but a list of names: such a manager needs no rights in others
    /// (PROTOCOL §7.6). Null: which ones it selects changes with the cluster's namespaces.
    /// </summary>
    public IReadOnlyList<string>? Names =>
        _requirements is [{ Key: NameLabel, Operator: "In" } only] ? only.Values : null;

    /// <summary>The selector of those names.</summary>
    public static NamespaceSelector Of(IReadOnlyList<string> names) => new([new Requirement(NameLabel, "In", names)]);

    /// <summary>Null: there is none, and every namespace is the manager's.</summary>
    /// <exception cref="FormatException">No label selector.</exception>
    public static NamespaceSelector? Parse(string? yaml)
    {
        if (string.IsNullOrWhiteSpace(yaml))
            return null;
        Document? document;
        try
        {
            document = new DeserializerBuilder().Build().Deserialize<Document?>(yaml);
        }
        catch (YamlException e)
        {
            throw new FormatException(e.InnerException?.Message ?? e.Message, e);
        }
        List<Requirement> requirements =
        [
            .. (document?.MatchLabels ?? []).Select(label => new Requirement(label.Key, "In", [label.Value])),
            .. (document?.MatchExpressions ?? []).Select(e => new Requirement(e.Key, e.Operator, e.Values ?? [])),
        ];
        if (requirements.Find(r => r.Operator is not ("In" or "NotIn" or "Exists" or "DoesNotExist")) is { } wrong)
            throw new FormatException($"'{wrong.Operator}' is no operator of a label selector");
        return requirements.Count == 0 ? null : new NamespaceSelector(requirements);
    }

    /// <summary>Whether it selects a namespace. API servers before 1.21 do not put the name's label on.</summary>
    public bool Matches(string name, IReadOnlyDictionary<string, string>? labels) =>
        _requirements.All(requirement =>
        {
            var value = requirement.Key == NameLabel ? name : labels?.GetValueOrDefault(requirement.Key);
            return requirement.Operator switch
            {
                "In" => value is not null && requirement.Values.Contains(value),
                "NotIn" => value is null || !requirement.Values.Contains(value),
                "Exists" => value is not null,
                _ => value is null,
            };
        });

    private sealed record Requirement(string Key, string Operator, IReadOnlyList<string> Values);

    private sealed class Document
    {
        [YamlMember(Alias = "matchLabels")]
        public Dictionary<string, string>? MatchLabels { get; set; }

        [YamlMember(Alias = "matchExpressions")]
        public List<Expression>? MatchExpressions { get; set; }
    }

    private sealed class Expression
    {
        [YamlMember(Alias = "key")]
        public string Key { get; set; } = "";

        [YamlMember(Alias = "operator")]
        public string Operator { get; set; } = "";

        [YamlMember(Alias = "values")]
        public List<string>? Values { get; set; }
    }
}
