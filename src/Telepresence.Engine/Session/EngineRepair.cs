using Telepresence.Client.Objects;
using Telepresence.Engine.Dns;

namespace Telepresence.Engine.Session;

/// <summary>
/// Removes what a killed engine left. It changes nothing while it lies there, but it is not ours to leave. An engine does so
/// when it starts; whoever asks for a repair first is told of that too, since asking may have started it.
/// </summary>
internal sealed class EngineRepair(SessionServices services)
{
    private TelepresenceRepair[] _untold = [];

    /// <summary>What every start of an engine begins with.</summary>
    public void Start() => _untold = Remove();

    /// <returns>What was undone, and was not told before.</returns>
    public TelepresenceRepair[] Run() => [.. Interlocked.Exchange(ref _untold, []), .. Remove()];

    private TelepresenceRepair[] Remove() =>
        [
            .. services.Routing.Repair().Select(text => Undone("Route", text)),
            .. DnsPlumbing.Repair(services.DnsEnvironment).Select(text => Undone("Dns", text)),
            .. services.Volumes.Repair().Select(text => Undone("Volumes", text)),
        ];

    private static TelepresenceRepair Undone(string kind, string description) =>
        new() { Kind = kind, Description = description };
}
