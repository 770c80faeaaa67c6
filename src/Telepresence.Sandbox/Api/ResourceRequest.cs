namespace Telepresence.Sandbox.Api;

/// <summary>What a path below /api and /apis names.</summary>
/// <param name="Type">Null when no such resource is served.</param>
/// <param name="Namespace">Null: none, or all.</param>
internal sealed record ResourceRequest(
    string Group,
    string Version,
    string Plural,
    ResourceType? Type,
    string? Namespace,
    string? Name,
    string? Subresource
)
{
    /// <summary>Null for a path that names no resource (discovery, /version …).</summary>
    public static ResourceRequest? Parse(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var (group, version, rest) = parts switch
        {
            ["api", var v, .. var r] => ("", v, r),
            ["apis", var g, var v, .. var r] => (g, v, r),
            _ => (null, "", []),
        };
        if (group is null || rest.Length == 0)
        {
            return null;
        }
        string? ns = null;
        // namespaces/x is a Namespace, namespaces/x/pods is in one.
        if (rest is ["namespaces", var n, var next, ..] && next is not ("status" or "finalize"))
        {
            ns = n;
            rest = rest[2..];
        }
        return new(
            group,
            version,
            rest[0],
            ResourceType.Find(group, version, rest[0]),
            ns,
            rest.ElementAtOrDefault(1),
            rest.Length > 2 ? string.Join('/', rest[2..]) : null
        );
    }
}
