using Telepresence.Client.Objects;
using Telepresence.Engine.Dns;

namespace Telepresence.Engine.Session;

/// <summary>Removes what a killed engine left. It changes nothing while it lies there, but it is not ours to leave.</summary>
internal static class EngineRepair
{
    /// <returns>What was undone.</returns>
    public static TelepresenceRepair[] Run(SessionServices services) =>
        [
            .. services.Routing.Repair().Select(text => Undone("Route", text)),
            .. DnsPlumbing.Repair(services.DnsEnvironment).Select(text => Undone("Dns", text)),
        ];

    private static TelepresenceRepair Undone(string kind, string description) =>
        new() { Kind = kind, Description = description };
}
