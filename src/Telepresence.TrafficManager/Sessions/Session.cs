namespace Telepresence.TrafficManager.Sessions;

/// <summary>A peer that has arrived.</summary>
internal abstract class Session(string id, TimeSpan timeToLive, long arrived) : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private long _lastSeen = arrived;

    public string Id => id;

    /// <summary>Without a sign of life for that long it ends.</summary>
    public TimeSpan TimeToLive => timeToLive;

    /// <summary>Cancelled by Depart and by expiry: ends the session's watches.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Cancelled when the session's own tunnels are over.</summary>
    public abstract CancellationToken TunnelsEnd { get; }

    /// <summary>What the manager asks it to dial.</summary>
    public DialRequests Dials { get; } = new();

    /// <summary>Timestamp of the latest sign of life.</summary>
    public long LastSeen
    {
        get => Volatile.Read(ref _lastSeen);
        set => Volatile.Write(ref _lastSeen, value);
    }

    public void End() => _ended.Cancel();

    public void Dispose() => _ended.Dispose();
}
