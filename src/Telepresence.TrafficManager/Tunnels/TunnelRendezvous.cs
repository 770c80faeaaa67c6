using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>
/// Where tunnels that were asked for meet those who asked. The key is the session that was asked and the ConnID; the same
/// key may be awaited more than once (an application that connects again from the same port), then first come, first served.
/// </summary>
internal sealed class TunnelRendezvous(int capacity = TunnelRendezvous.DefaultCapacity)
{
    public const int DefaultCapacity = 65536;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string, ConnId), List<AwaitedTunnel>> _awaited = [];
    private int _count;

    /// <summary>Number of tunnels awaited.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Begins to wait; null when too many wait already.</summary>
    public AwaitedTunnel? Await(string session, ConnId connId)
    {
        var awaited = new AwaitedTunnel(this, session, connId);
        lock (_lock)
        {
            if (_count >= capacity)
                return null;
            _count++;
            if (!_awaited.TryGetValue(awaited.Key, out var queue))
                _awaited[awaited.Key] = queue = [];
            queue.Add(awaited);
        }
        return awaited;
    }

    /// <summary>Hands the tunnel to who waits for it, and lasts until it is not used any more. False: nobody waits.</summary>
    public async ValueTask<bool> TryAnswerAsync(
        string session,
        ConnId connId,
        TunnelReader reader,
        TunnelResponseWriter writer,
        CancellationToken aborted
    )
    {
        if (Count == 0)
            return false;
        while (Take((session, connId)) is { } awaited)
        {
            var answer = new AnsweringTunnel(reader, writer, aborted);
            if (!awaited.TryAnswer(answer))
                continue;
            await answer.Released.ConfigureAwait(false);
            return true;
        }
        return false;
    }

    internal void Remove(AwaitedTunnel awaited)
    {
        lock (_lock)
            if (_awaited.TryGetValue(awaited.Key, out var queue) && queue.Remove(awaited))
                Forget(awaited.Key, queue);
    }

    private AwaitedTunnel? Take((string, ConnId) key)
    {
        lock (_lock)
        {
            if (!_awaited.TryGetValue(key, out var queue))
                return null;
            var first = queue[0];
            queue.RemoveAt(0);
            Forget(key, queue);
            return first;
        }
    }

    private void Forget((string, ConnId) key, List<AwaitedTunnel> queue)
    {
        _count--;
        if (queue.Count == 0)
            _awaited.Remove(key);
    }
}
