using System.Runtime.CompilerServices;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Sessions;

namespace Telepresence.TrafficManager.Agents;

/// <summary>The clients that watch this agent for connections to take, by their session (PROTOCOL §2.7 a).</summary>
internal sealed class ClientDials
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (DialRequests Dials, int Watches)> _clients = new(StringComparer.Ordinal);

    /// <summary>Asks the client to take a connection. False: it does not watch, or does not keep up.</summary>
    /// <param name="session">The client's.</param>
    /// <param name="request">The connection.</param>
    /// <param name="unwatched">Cancelled when the watch that took it has ended.</param>
    public bool TrySend(string session, DialRequest request, out CancellationToken unwatched)
    {
        unwatched = default;
        DialRequests? dials;
        lock (_lock)
            dials = _clients.GetValueOrDefault(session).Dials;
        return dials is not null && dials.TrySend(request, out unwatched);
    }

    /// <summary>The requests for a client as they come.</summary>
    public async IAsyncEnumerable<DialRequest> WatchAsync(
        string session,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var dials = Enter(session);
        try
        {
            await foreach (var request in dials.WatchAsync(cancellationToken).ConfigureAwait(false))
                yield return request;
        }
        finally
        {
            Leave(session);
        }
    }

    private DialRequests Enter(string session)
    {
        lock (_lock)
        {
            var (dials, watches) = _clients.GetValueOrDefault(session, (new DialRequests(), 0));
            _clients[session] = (dials, watches + 1);
            return dials;
        }
    }

    private void Leave(string session)
    {
        lock (_lock)
        {
            var (dials, watches) = _clients[session];
            if (watches == 1)
                _clients.Remove(session);
            else
                _clients[session] = (dials, watches - 1);
        }
    }
}
