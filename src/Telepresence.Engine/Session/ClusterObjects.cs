using System.Net;

namespace Telepresence.Engine.Session;

/// <summary>
/// Which Kubernetes object has an address, for people. Asked of the cluster at most once in <see cref="Lifetime"/>, and
/// only when somebody looks.
/// </summary>
internal sealed class ClusterObjects(IClusterAccess access, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(15);

    /// <summary>A listing must not wait long for a cluster that is away.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);

    private static readonly IReadOnlyDictionary<IPAddress, string> _none = new Dictionary<IPAddress, string>();

    private (long At, IReadOnlyDictionary<IPAddress, string> Objects)? _known;

    /// <summary>The objects by address; what was known before, or nothing, when the cluster does not answer in time.</summary>
    public async ValueTask<IReadOnlyDictionary<IPAddress, string>> GetAsync(CancellationToken cancellationToken)
    {
        if (_known is { } known && time.GetElapsedTime(known.At) < Lifetime)
            return known.Objects;
        using var late = new CancellationTokenSource(_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            var objects = await access.GetObjectsAsync(either.Token).ConfigureAwait(false);
            _known = (time.GetTimestamp(), objects);
            return objects;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return _known?.Objects ?? _none;
        }
    }
}
