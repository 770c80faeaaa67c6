using System.Text.Json.Nodes;
using Telepresence.Engine.Installation.Values;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation.Manifests;

/// <summary>The objects of a traffic-manager, in the order in which they are applied.</summary>
internal static class ManagerManifests
{
    /// <param name="ns">The manager's namespace.</param>
    public static IReadOnlyList<Manifest> Make(string ns, ManagerValues values) =>
        [
            Namespace(ns),
            Manifest.Of(ResourceKinds.ServiceAccount, ns, InstallationLabels.ManagerName, []),
            .. values.CreatesManagerRbac ? ManagerRbac.Make(ns, values) : [],
            .. values.CreatesClientRbac ? ClientRbac.Make(ns, values) : [],
            Configuration(ns, values),
            .. Services(ns, values),
            ManagerDeployment.Make(ns, values),
        ];

    /// <summary>What is applied only where there is none: a namespace of others is not ours to change.</summary>
    private static Manifest Namespace(string ns) => Manifest.Of(ResourceKinds.Namespace, ns, ns, []);

    /// <summary>What the manager watches: the clients' configuration, and which namespaces it manages (PROTOCOL §5.3).</summary>
    private static Manifest Configuration(string ns, ManagerValues values) =>
        Manifest.Of(
            ResourceKinds.ConfigMap,
            ns,
            InstallationLabels.ManagerName,
            new JsonObject
            {
                ["data"] = new JsonObject
                {
                    ["client.yaml"] = BlockYaml.Write(values.Client),
                    ["namespace-selector.yaml"] = BlockYaml.Write(values.NamespaceSelector),
                },
            }
        );

    private static IEnumerable<Manifest> Services(string ns, ManagerValues values)
    {
        yield return Service(ns, InstallationLabels.ManagerName, "api", values.ApiPort, "api", isHeadless: true);
        if (values.PrometheusPort != 0)
        {
            yield return Service(
                ns,
                "telepresence-prometheus",
                "telepresence-prometheus",
                80,
                "prometheus",
                isHeadless: false
            );
        }
    }

    private static Manifest Service(
        string ns,
        string name,
        string portName,
        int port,
        string targetPort,
        bool isHeadless
    )
    {
        JsonObject spec = new() { ["type"] = "ClusterIP" };
        if (isHeadless)
        {
            spec["clusterIP"] = "None";
        }
        spec["selector"] = PodLabels();
        spec["ports"] = new JsonArray(
            new JsonObject
            {
                ["name"] = portName,
                ["port"] = port,
                ["targetPort"] = targetPort,
                ["protocol"] = "TCP",
            }
        );
        return Manifest.Of(ResourceKinds.Service, ns, name, new JsonObject { ["spec"] = spec });
    }

    /// <summary>What clients and services select the manager's pods by.</summary>
    internal static JsonObject PodLabels() =>
        new() { ["app"] = InstallationLabels.ManagerName, ["telepresence"] = "manager" };
}
