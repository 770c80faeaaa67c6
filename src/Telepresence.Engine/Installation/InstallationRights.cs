using System.Text.Json.Nodes;
using Telepresence.Engine.Installation.Manifests;
using Telepresence.Kubernetes;

namespace Telepresence.Engine.Installation;

/// <summary>The rights that applying manifests takes.</summary>
internal static class InstallationRights
{
    /// <summary>Server-side apply is a patch, and where there is nothing yet a create as well.</summary>
    private static readonly string[] _verbs = ["get", "create", "patch"];

    /// <summary>
    /// Asks for all of them before anything is changed. Kubernetes lets only those give rights away who have them, or may
    /// <c>escalate</c>: what the roles grant is asked for too.
    /// </summary>
    /// <exception cref="Client.Errors.TelepresenceException">InstallationForbidden.</exception>
    public static async Task RequireAsync(
        InstallationTarget target,
        IReadOnlyList<Manifest> manifests,
        CancellationToken cancellationToken
    )
    {
        var roles = manifests
            .Where(manifest => manifest.Kind == ResourceKinds.Role || manifest.Kind == ResourceKinds.ClusterRole)
            .ToArray();
        var escalations = roles.Select(role => Right(role, "escalate")).ToArray();
        var refused = await AccessRule
            .MissingAsync(target.Client, escalations, cancellationToken)
            .ConfigureAwait(false);
        await target
            .RequireAsync(
                manifests
                    .SelectMany(manifest => _verbs.Select(verb => Right(manifest, verb)))
                    .Concat(roles.Where(role => refused.Contains(Right(role, "escalate"))).SelectMany(Granted)),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    private static AccessRule Right(Manifest manifest, string verb) =>
        new(manifest.Namespace, manifest.Kind.Group, manifest.Kind.Plural, verb);

    private static IEnumerable<AccessRule> Granted(Manifest role) =>
        from rule in role.Body["rules"]!.AsArray()
        from grp in Texts(rule!["apiGroups"])
        from resource in Texts(rule["resources"])
        from name in rule["resourceNames"] is { } names ? Texts(names) : [null]
        from verb in Texts(rule["verbs"])
        select new AccessRule(role.Namespace, grp!, resource!, verb!, name);

    private static IEnumerable<string?> Texts(JsonNode? list) => list!.AsArray().Select(text => (string?)text);
}
