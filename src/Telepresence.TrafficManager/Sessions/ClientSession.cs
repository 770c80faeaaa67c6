using Telepresence.Protocol.Manager;

namespace Telepresence.TrafficManager.Sessions;

/// <summary>A connected client.</summary>
internal sealed class ClientSession(string id, ClientInfo client, long arrived) : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private long _lastSeen = arrived;

    public string Id => id;

    public ClientInfo Client => client;

    /// <summary>Cancelled by Depart and by expiry: ends the session's watches and tunnels.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Timestamp of the latest sign of life.</summary>
    public long LastSeen
    {
        get => Volatile.Read(ref _lastSeen);
        set => Volatile.Write(ref _lastSeen, value);
    }

    public void End() => _ended.Cancel();

    public void Dispose() => _ended.Dispose();
}
