using Telepresence.Client.Contract;
using Telepresence.Engine.Session;

namespace Telepresence.Engine.Ipc;

/// <summary>The contract's methods that go on for as long as somebody looks.</summary>
internal sealed class LiveMethods(SessionServices services, SessionRegistry registry)
{
    public void Register(IpcServer server)
    {
        server.Register<ConnectionWatchParameters>(
            EngineMethods.WatchConnections,
            (parameters, request, token) =>
                SessionMethods.Typed(async () =>
                {
                    await new ConnectionWatch(registry, services.Time)
                        .RunAsync(
                            parameters,
                            changes => request.Connection.Notify(EngineMethods.ConnectionsChanged, changes),
                            token
                        )
                        .ConfigureAwait(false);
                    return true;
                })
        );
    }
}
