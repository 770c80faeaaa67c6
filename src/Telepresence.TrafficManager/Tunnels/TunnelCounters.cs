namespace Telepresence.TrafficManager.Tunnels;

/// <summary>What a manager's tunnels carried so far. Safe for concurrent use.</summary>
internal sealed class TunnelCounters
{
    private long _open;
    private long _toCluster;
    private long _fromCluster;
    private long _dialFailures;

    /// <summary>Tunnels that are open now.</summary>
    public long Open => Interlocked.Read(ref _open);

    /// <summary>Bytes from clients.</summary>
    public long ToCluster => Interlocked.Read(ref _toCluster);

    /// <summary>Bytes to clients.</summary>
    public long FromCluster => Interlocked.Read(ref _fromCluster);

    /// <summary>Far ends that could not be dialled.</summary>
    public long DialFailures => Interlocked.Read(ref _dialFailures);

    public void Opened() => Interlocked.Increment(ref _open);

    public void Closed() => Interlocked.Decrement(ref _open);

    public void AddToCluster(long bytes) => Interlocked.Add(ref _toCluster, bytes);

    public void AddFromCluster(long bytes) => Interlocked.Add(ref _fromCluster, bytes);

    public void DialFailed() => Interlocked.Increment(ref _dialFailures);
}
