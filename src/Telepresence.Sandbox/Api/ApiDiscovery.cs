using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Telepresence.Sandbox.Api;

/// <summary>/version and the discovery documents (the unaggregated ones, which every client falls back to).</summary>
internal static class ApiDiscovery
{
    private static readonly (string Group, string Version, string Plural, string Kind)[] s_reviews =
    [
        ("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview"),
        ("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ];

    public static JsonObject Version() =>
        new()
        {
            ["major"] = "1",
            ["minor"] = "33",
            ["gitVersion"] = "v1.33.0+telepresence-sandbox",
            ["gitCommit"] = "",
            ["gitTreeState"] = "clean",
            ["buildDate"] = "2025-04-23T13:25:00Z",
            ["goVersion"] = "",
            ["compiler"] = "dotnet",
            ["platform"] = "linux/" + (RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "amd64"),
        };

    /// <summary>Null when the path is no discovery document.</summary>
    public static JsonObject? Find(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["api"] => new JsonObject
            {
                ["kind"] = "APIVersions",
                ["versions"] = new JsonArray("v1"),
                ["serverAddressByClientCIDRs"] = new JsonArray(),
            },
            ["apis"] => new JsonObject
            {
                ["kind"] = "APIGroupList",
                ["apiVersion"] = "v1",
                ["groups"] = new JsonArray([.. Groups().Select(Group)]),
            },
            ["apis", var group] when Groups().Contains(group) => Group(group),
            ["api", "v1"] => Resources("", "v1"),
            ["apis", var group, var version] when VersionOf(group) == version => Resources(group, version),
            _ => null,
        };

    private static IEnumerable<string> Groups() =>
        ResourceType
            .All.Select(t => t.Group)
            .Concat(s_reviews.Select(r => r.Group))
            .Where(g => g.Length > 0)
            .Distinct();

    /// <summary>Every group has one version; null where the group is not served.</summary>
    private static string? VersionOf(string group) =>
        ResourceType
            .All.Where(t => t.Group == group)
            .Select(t => t.Version)
            .Concat(s_reviews.Where(r => r.Group == group).Select(r => r.Version))
            .FirstOrDefault();

    private static JsonObject Group(string group)
    {
        var version = VersionOf(group);
        JsonObject Version() => new() { ["groupVersion"] = $"{group}/{version}", ["version"] = version };
        return new()
        {
            ["kind"] = "APIGroup",
            ["apiVersion"] = "v1",
            ["name"] = group,
            ["versions"] = new JsonArray(Version()),
            ["preferredVersion"] = Version(),
        };
    }

    private static JsonObject Resources(string group, string version)
    {
        var resources = new JsonArray();
        foreach (var type in ResourceType.All.Where(t => t.Group == group && t.Version == version))
        {
            resources.Add(
                Resource(type.Plural, type.Kind, type.IsNamespaced, ["get", "list", "watch"], type.ShortNames)
            );
            if (type == ResourceType.Pod)
            {
                resources.Add(Resource("pods/portforward", "PodPortForwardOptions", true, ["create", "get"], []));
            }
        }
        foreach (var review in s_reviews.Where(r => r.Group == group && r.Version == version))
        {
            resources.Add(Resource(review.Plural, review.Kind, false, ["create"], []));
        }
        return new()
        {
            ["kind"] = "APIResourceList",
            ["apiVersion"] = "v1",
            ["groupVersion"] = group.Length == 0 ? version : $"{group}/{version}",
            ["resources"] = resources,
        };
    }

    private static JsonObject Resource(string plural, string kind, bool namespaced, string[] verbs, string[] shortNames)
    {
        var resource = new JsonObject
        {
            ["name"] = plural,
            ["singularName"] = plural.Contains('/') ? "" : kind.ToLowerInvariant(),
            ["namespaced"] = namespaced,
            ["kind"] = kind,
            ["verbs"] = new JsonArray([.. verbs.Select(v => JsonValue.Create(v))]),
        };
        if (shortNames.Length > 0)
        {
            resource["shortNames"] = new JsonArray([.. shortNames.Select(n => JsonValue.Create(n))]);
        }
        return resource;
    }
}
