using System.Net;
using Telepresence.Engine.Packets;

namespace Telepresence.Engine.Session;

/// <summary>
/// Names for the addresses of a capture, each told once: the Kubernetes object as <c>web.demo.svc</c> or <c>web-1.demo.pod</c>,
/// else the name that it was looked up by. One each: of several, some readers show the first and some the last.
/// </summary>
internal sealed class CaptureNames(EngineSession session, TimeProvider time)
{
    /// <summary>A capture of a scan must not grow without bound; further addresses stay numbers.</summary>
    private const int MaximumAddresses = 65_536;

    /// <summary>Listing all objects of a cluster for every new address would cost more than the capture.</summary>
    private static readonly TimeSpan _refresh = TimeSpan.FromSeconds(1);

    private readonly HashSet<NetAddress> _told = [];
    private IReadOnlyDictionary<IPAddress, string> _objects = new Dictionary<IPAddress, string>();
    private long _lookedAt = long.MinValue;

    /// <summary>The name of an address that is new to the capture; null: it is not, or has none.</summary>
    public async ValueTask<(IPAddress Address, string Name)?> FindAsync(
        NetAddress address,
        CancellationToken cancellationToken
    )
    {
        if (_told.Contains(address) || _told.Count >= MaximumAddresses)
            return null;
        var shown = address.ToIPAddress();
        var cluster = session.Resolve(new IPEndPoint(shown, 0))?.Address ?? shown;
        if (_lookedAt == long.MinValue || time.GetElapsedTime(_lookedAt) > _refresh)
        {
            _objects = await session.Objects.GetAsync(cancellationToken).ConfigureAwait(false);
            _lookedAt = time.GetTimestamp();
        }
        var name = _objects.TryGetValue(cluster, out var found) ? HostName(found) : session.Names.Find(cluster);
        if (name.Length == 0)
            return null;
        _told.Add(address);
        return (shown, name);
    }

    /// <summary><c>service/web.demo</c> as a host's name.</summary>
    private static string HostName(string kubernetesObject)
    {
        var slash = kubernetesObject.IndexOf('/', StringComparison.Ordinal);
        var kind = kubernetesObject[..slash] is "service" ? "svc" : kubernetesObject[..slash];
        return $"{kubernetesObject[(slash + 1)..]}.{kind}";
    }
}
