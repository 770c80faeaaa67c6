using Telepresence.Engine.Dns;
using Telepresence.Engine.Vnat;

namespace Telepresence.Engine.Engagements;

/// <summary>The environment of a container as programs on this machine are to have it (PROTOCOL §6.4).</summary>
internal static class EngagementEnvironment
{
    private const string OfAgents = "_TEL_";

    /// <summary>What is this machine's own, whatever a container says.</summary>
    private static readonly string[] _ofThisMachine = ["HOME", "PATH", "HOSTNAME"];

    /// <param name="container">As the agent tells it.</param>
    /// <param name="id">TELEPRESENCE_INTERCEPT_ID.</param>
    /// <param name="mountPoint">TELEPRESENCE_ROOT; empty: no volumes are here.</param>
    /// <param name="translation">Replaces addresses of translated subnets.</param>
    /// <exception cref="VirtualSubnetExhaustedException">No virtual address is left.</exception>
    public static Dictionary<string, string> Make(
        IReadOnlyDictionary<string, string> container,
        string id,
        string mountPoint,
        IAddressTranslation translation
    )
    {
        var delivered = container
            .Where(pair =>
                !_ofThisMachine.Contains(pair.Key) && !pair.Key.StartsWith(OfAgents, StringComparison.Ordinal)
            )
            .ToDictionary(pair => pair.Key, pair => pair.Value);
        var environment = EnvironmentTranslation.ToVirtual(delivered, translation);
        environment["TELEPRESENCE_INTERCEPT_ID"] = id;
        if (mountPoint.Length > 0)
            environment["TELEPRESENCE_ROOT"] = mountPoint;
        return environment;
    }
}
