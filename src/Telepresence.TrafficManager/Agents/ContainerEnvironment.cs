namespace Telepresence.TrafficManager.Agents;

/// <summary>What clients are told of a container's environment (PROTOCOL §6.4).</summary>
internal static class ContainerEnvironment
{
    private const string OwnPrefix = "_TEL_";
    private const int Local = 2;
    private const int Ignored = 3;

    // The machine's own, not the application's.
    private static readonly HashSet<string> Withheld = ["HOME", "PATH", "HOSTNAME"];

    /// <summary>Names and values, with those that tell of the container.</summary>
    public static Dictionary<string, string> Of(AgentContainer container)
    {
        var environment = container
            .Environment.Where(v => !Withheld.Contains(v.Key) && !v.Key.StartsWith(OwnPrefix, StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal);
        environment["TELEPRESENCE_CONTAINER"] = container.Name;
        Add(environment, "TELEPRESENCE_MOUNTS", container.Mounts.Where(m => m.Value is not (Local or Ignored)));
        Add(environment, "TELEPRESENCE_LOCAL_MOUNTS", container.Mounts.Where(m => m.Value == Local));
        return environment;
    }

    private static void Add(
        Dictionary<string, string> environment,
        string name,
        IEnumerable<KeyValuePair<string, int>> mounts
    )
    {
        var paths = string.Join(':', mounts.Select(m => m.Key).Order(StringComparer.Ordinal));
        if (paths.Length > 0)
            environment[name] = paths;
    }
}
