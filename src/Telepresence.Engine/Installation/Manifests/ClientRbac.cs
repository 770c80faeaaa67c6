using System.Text.Json.Nodes;
using Telepresence.Engine.Installation.Values;

namespace Telepresence.Engine.Installation.Manifests;

/// <summary>What users who connect may do (PROTOCOL §1.3).</summary>
internal static class ClientRbac
{
    private static readonly RbacRule[] _podStreams =
    [
        new("", ["pods"], ["get", "list"]),
        new("", ["pods/portforward"], ["create"]),
    ];

    public static IEnumerable<Manifest> Make(string ns, ManagerValues values)
    {
        var name = $"traffic-manager-client-{ns}";
        var subjects = Subjects(values.ClientSubjects, ns);
        var connect = RbacRule.Grant(
            ns,
            "traffic-manager-connect",
            ns,
            [new RbacRule("", ["services"], ["get"], [InstallationLabels.ManagerName]), .. _podStreams],
            subjects
        );
        return values.ClientNamespaces.Count == 0
            ? connect.Concat(
                RbacRule.Grant(
                    ns,
                    name,
                    null,
                    // The names of all namespaces resolve, and new ones are noticed.
                    [new RbacRule("", ["namespaces"], ["get", "list", "watch"]), .. _podStreams],
                    subjects
                )
            )
            : connect.Concat(
                values
                    .ClientNamespaces.Distinct(StringComparer.Ordinal)
                    .SelectMany(connected => RbacRule.Grant(ns, name, connected, _podStreams, subjects))
            );
    }

    /// <summary>With what the API server would fill in, so that applying again changes nothing.</summary>
    private static JsonArray Subjects(JsonArray given, string ns) =>
        [
            .. given
                .OfType<JsonObject>()
                .Select(subject =>
                {
                    var whole = (JsonObject)subject.DeepClone();
                    if (ValueChecks.Text(whole["kind"]) == "ServiceAccount")
                    {
                        whole["namespace"] ??= ns;
                    }
                    else
                    {
                        whole["apiGroup"] ??= ResourceKinds.Role.Group;
                    }
                    return (JsonNode)whole;
                }),
        ];
}
