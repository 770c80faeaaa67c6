using System.Text.Json.Nodes;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation.Manifests;

/// <summary>A rule of a role.</summary>
internal sealed record RbacRule(string Group, string[] Resources, string[] Verbs, string[]? Names = null)
{
    /// <summary>A role with rules, and what binds it to its subjects.</summary>
    /// <param name="objectNamespace">Null: a role of the whole cluster.</param>
    public static IEnumerable<Manifest> Grant(
        string managerNamespace,
        string name,
        string? objectNamespace,
        IEnumerable<RbacRule> rules,
        JsonArray subjects
    )
    {
        var (role, binding) = objectNamespace is null
            ? (ResourceKinds.ClusterRole, ResourceKinds.ClusterRoleBinding)
            : (ResourceKinds.Role, ResourceKinds.RoleBinding);
        JsonObject content = new() { ["rules"] = new JsonArray([.. rules.Select(rule => rule.ToJson())]) };
        yield return Manifest.Of(role, managerNamespace, name, content, objectNamespace);
        JsonObject grant = new()
        {
            ["roleRef"] = new JsonObject
            {
                ["apiGroup"] = ResourceKinds.Role.Group,
                ["kind"] = role.Kind,
                ["name"] = name,
            },
            ["subjects"] = subjects.DeepClone(),
        };
        yield return Manifest.Of(binding, managerNamespace, name, grant, objectNamespace);
    }

    private JsonNode ToJson()
    {
        JsonObject rule = new() { ["apiGroups"] = new JsonArray(Group), ["resources"] = Texts(Resources) };
        if (Names is not null)
        {
            rule["resourceNames"] = Texts(Names);
        }
        rule["verbs"] = Texts(Verbs);
        return rule;
    }

    private static JsonArray Texts(string[] texts) => [.. texts.Select(text => (JsonNode)text)];
}
