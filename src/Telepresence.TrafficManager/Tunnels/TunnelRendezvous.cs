using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>
/// Where tunnels that were asked for meet those who asked. The key is the session that was asked and the ConnID; the same
/// key may be awaited more than once (an application that connects again from the same port), then first come, first served.
/// </summary>
internal sealed class TunnelRendezvous(int capacity = TunnelRendezvous.DefaultCapacity)
{
    public const int DefaultCapacity = 65536;

    // An answer comes within a round trip, or not at all: the oldest are beyond that.
    private const int MaxGivenUp = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string, ConnId), List<AwaitedTunnel>> _awaited = [];
    private readonly OrderedDictionary<(string, ConnId), bool> _givenUp = [];
    private int _count;

    /// <summary>Nobody waits, and no answer may still come.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
                return _count == 0 && _givenUp.Count == 0;
        }
    }

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

    /// <summary>
    /// Hands the tunnel to who waits for it, and lasts until it is not used any more. False: nobody asked for it.
    /// </summary>
    /// <exception cref="RpcException">
    /// Cancelled: who asked for it has given up. Its peer must not go on with a dial that is of no use.
    /// </exception>
    public async ValueTask<bool> TryAnswerAsync(
        string session,
        ConnId connId,
        TunnelReader reader,
        TunnelResponseWriter writer,
        CancellationToken aborted
    )
    {
        var isLate = false;
        while (Take((session, connId)) is { } awaited)
        {
            var answer = new AnsweringTunnel(reader, writer, aborted);
            if (!awaited.TryAnswer(answer))
            {
                isLate = true;
                continue;
            }
            await answer.Released.ConfigureAwait(false);
            return true;
        }
        lock (_lock)
            isLate |= _givenUp.Remove((session, connId));
        return isLate ? throw new RpcException(StatusCode.Cancelled, "Nobody waits for this tunnel any more") : false;
    }

    internal void Remove(AwaitedTunnel awaited)
    {
        lock (_lock)
        {
            if (!_awaited.TryGetValue(awaited.Key, out var queue) || !queue.Remove(awaited))
                return;
            Forget(awaited.Key, queue);
            if (_givenUp.Count == MaxGivenUp)
                _givenUp.RemoveAt(0);
            _givenUp[awaited.Key] = true;
        }
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
