using Telepresence.Protocol.Manager;

namespace Telepresence.TrafficManager.Sessions;

/// <summary>A connected client.</summary>
internal sealed class ClientSession(string id, ClientInfo client, TimeSpan timeToLive, long arrived)
    : Session(id, timeToLive, arrived)
{
    public ClientInfo Client => client;

    public override CancellationToken TunnelsEnd => Ended;
}
