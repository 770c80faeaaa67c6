using System.Text.Json.Nodes;
using Telepresence.Engine.Installation.Values;

namespace Telepresence.Engine.Installation.Manifests;

/// <summary>
/// What the manager may do, no wider than PROTOCOL §7.6. What only the injection of agents needs (patch of workloads,
/// eviction of pods) and what only upgrades of old releases need is not granted.
/// </summary>
internal static class ManagerRbac
{
    private static readonly string[] _read = ["get", "list", "watch"];

    public static IEnumerable<Manifest> Make(string ns, ManagerValues values) =>
        values.Namespaces.Count == 0 ? WholeCluster(ns, values) : InNamespaces(ns, values);

    private static IEnumerable<Manifest> WholeCluster(string ns, ManagerValues values) =>
        [
            .. RbacRule.Grant(
                ns,
                $"traffic-manager-{ns}",
                null,
                [
                    new RbacRule("", ["nodes", "services", "namespaces", "pods"], _read),
                    .. OfWorkloads(values),
                    ServiceSubnets(),
                ],
                Manager(ns)
            ),
            .. RbacRule.Grant(ns, InstallationLabels.ManagerName, ns, OfOwnNamespace(), Manager(ns)),
        ];

    private static IEnumerable<Manifest> InNamespaces(string ns, ManagerValues values)
    {
        var grants = RbacRule.Grant(ns, $"traffic-manager-cluster-wide-{ns}", null, [ServiceSubnets()], Manager(ns));
        foreach (var managed in values.Namespaces.Append(ns).Distinct(StringComparer.Ordinal))
        {
            RbacRule[] own =
            [
                .. OfOwnNamespace(),
                // Its UID is the installation's id.
                new RbacRule("", ["namespaces"], ["get"], [ns]),
            ];
            grants = grants.Concat(
                RbacRule.Grant(
                    ns,
                    InstallationLabels.ManagerName,
                    managed,
                    [
                        new RbacRule("", ["services", "pods"], _read),
                        .. OfWorkloads(values),
                        .. managed == ns ? own : [],
                    ],
                    Manager(ns)
                )
            );
        }
        return grants;
    }

    private static IEnumerable<RbacRule> OfWorkloads(ManagerValues values)
    {
        yield return new RbacRule("", ["pods/log"], ["get"]);
        string[] apps =
        [
            .. values.WorkloadKinds.Where(kind => kind != "Rollout").Select(kind => kind.ToLowerInvariant() + "s"),
        ];
        if (apps.Length > 0)
        {
            yield return new RbacRule("apps", apps, _read);
        }
        if (values.WorkloadKinds.Contains("Rollout"))
        {
            yield return new RbacRule("argoproj.io", ["rollouts"], _read);
        }
        yield return new RbacRule("events.k8s.io", ["events"], ["get", "watch"]);
    }

    private static RbacRule[] OfOwnNamespace() =>
        [
            // A service that is refused tells the subnet of services (PROTOCOL §7.1).
            new RbacRule("", ["services"], ["create"]),
            new RbacRule("", ["configmaps"], _read, [InstallationLabels.ManagerName]),
        ];

    private static RbacRule ServiceSubnets() => new("networking.k8s.io", ["servicecidrs"], _read);

    private static JsonArray Manager(string ns) =>
        [
            new JsonObject
            {
                ["kind"] = "ServiceAccount",
                ["name"] = InstallationLabels.ManagerName,
                ["namespace"] = ns,
            },
        ];
}
