using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Telepresence.Kubernetes;

/// <summary>A right that something needs, as a rule of a role grants it.</summary>
/// <param name="Namespace">Null: of all namespaces, or of a kind that is in none.</param>
/// <param name="Resource">Plural, with a subresource behind a slash: <c>pods/log</c>.</param>
/// <param name="Verb">One verb.</param>
/// <param name="Name">The only object that it is about; null: any.</param>
internal sealed partial record AccessRule(
    string? Namespace,
    string Group,
    string Resource,
    string Verb,
    string? Name = null
)
{
    private const int AtOnce = 8;

    /// <summary>What the API server is asked.</summary>
    public V1ResourceAttributes ToAttributes()
    {
        var parts = Resource.Split('/', 2);
        return new V1ResourceAttributes
        {
            NamespaceProperty = Namespace,
            Verb = Verb,
            Group = Group,
            Resource = parts[0],
            Subresource = parts.Length > 1 ? parts[1] : null,
            Name = Name,
        };
    }

    /// <summary>The rule that the API server missed; null where it refused for another reason, such as a quota.</summary>
    /// <param name="message">Of its status.</param>
    public static AccessRule? OfRefusal(string? message) =>
        Refusal().Match(message ?? "") is { Success: true } match
            ? new AccessRule(
                match.Groups["namespace"] is { Success: true } ns ? ns.Value : null,
                match.Groups["group"].Value,
                match.Groups["resource"].Value,
                match.Groups["verb"].Value
            )
            : null;

    /// <summary>As a rule of a role, in one line of YAML.</summary>
    public override string ToString() =>
        $$"""{apiGroups: ["{{Group}}"], resources: [{{Resource}}], {{(Name is null ? "" : $"resourceNames: [{Name}], ")}}verbs: [{{Verb}}]}""";

    /// <summary>Those of the rules that the user lacks, in their order.</summary>
    public static async Task<IReadOnlyList<AccessRule>> MissingAsync(
        KubernetesClient client,
        IEnumerable<AccessRule> rules,
        CancellationToken cancellationToken
    )
    {
        var asked = rules.Distinct().ToArray();
        var allowed = new bool[asked.Length];
        // Over HTTP/2 they share a connection; over HTTP/1.1 each that is under way has one of its own.
        await Parallel
            .ForAsync(
                0,
                asked.Length,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                async (i, token) =>
                {
                    var review = new V1SelfSubjectAccessReview
                    {
                        Spec = new V1SelfSubjectAccessReviewSpec { ResourceAttributes = asked[i].ToAttributes() },
                    };
                    var answer = await client.CreateSelfSubjectAccessReviewAsync(review, token).ConfigureAwait(false);
                    allowed[i] = answer.Status?.Allowed == true;
                }
            )
            .ConfigureAwait(false);
        return [.. asked.Where((_, i) => !allowed[i])];
    }

    /// <summary>Roles with the rules, for an administrator to apply; who gets them is left to be filled in.</summary>
    /// <param name="name">Of the roles.</param>
    public static string ToYaml(string name, IEnumerable<AccessRule> rules) =>
        string.Join("---\n", rules.GroupBy(rule => rule.Namespace).Select(group => BlockYaml.Write(Role(name, group))));

    private static JsonObject Role(string name, IGrouping<string?, AccessRule> rules)
    {
        JsonObject metadata = new() { ["name"] = name };
        if (rules.Key is { } ns)
        {
            metadata["namespace"] = ns;
        }
        JsonArray list = [];
        foreach (var rule in rules.GroupBy(rule => (rule.Group, rule.Resource, rule.Name)))
        {
            JsonObject entry = new()
            {
                ["apiGroups"] = new JsonArray(rule.Key.Group),
                ["resources"] = new JsonArray(rule.Key.Resource),
            };
            if (rule.Key.Name is { } only)
            {
                entry["resourceNames"] = new JsonArray(only);
            }
            entry["verbs"] = new JsonArray([.. rule.Select(r => (JsonNode)r.Verb)]);
            list.Add(entry);
        }
        return new JsonObject
        {
            ["apiVersion"] = "rbac.authorization.k8s.io/v1",
            ["kind"] = rules.Key is null ? "ClusterRole" : "Role",
            ["metadata"] = metadata,
            ["rules"] = list,
        };
    }

    /// <summary>The words of Kubernetes' RBAC authorizer.</summary>
    [GeneratedRegex(
        """cannot (?<verb>[a-z]+) resource "(?<resource>[^"]+)" in API group "(?<group>[^"]*)"(?: in the namespace "(?<namespace>[^"]+)")?"""
    )]
    private static partial Regex Refusal();
}
