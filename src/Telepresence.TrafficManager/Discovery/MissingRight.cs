namespace Telepresence.TrafficManager.Discovery;

/// <summary>The rule that would give a right, as an administrator adds it to a role.</summary>
internal static class MissingRight
{
    /// <param name="path">Of the API: <c>apis/apps/v1/namespaces/shop/deployments</c>.</param>
    /// <param name="verbs">What was to be done with it.</param>
    public static string Rule(string path, string verbs)
    {
        var (group, resource, _) = Parse(path);
        return $"{{apiGroups: [\"{group}\"], resources: [{resource}], verbs: [{verbs}]}}";
    }

    /// <summary>Says it in the log, with the role it belongs to.</summary>
    public static void Log(ILogger logger, string path, string verbs, LogLevel level = LogLevel.Warning)
    {
        var role = Parse(path).Namespace is { } ns ? $"a Role in the namespace {ns}" : "a ClusterRole";
        var rule = Rule(path, verbs);
        DiscoveryLog.RightMissing(logger, level, path, verbs, rule, role);
    }

    private static (string Group, string Resource, string? Namespace) Parse(string path)
    {
        var parts = path.Split('/');
        // api/v1/…, or apis/GROUP/VERSION/…; then namespaces/NAME/… for what lives in one.
        var (group, rest) = parts[0] == "api" ? ("", parts[2..]) : (parts[1], parts[3..]);
        return rest is ["namespaces", var ns, var resource, ..] ? (group, resource, ns) : (group, rest[0], null);
    }
}
