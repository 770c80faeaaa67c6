using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Session;

namespace Telepresence.Engine.Ipc;

/// <summary>The contract's methods that go on for as long as somebody looks.</summary>
internal sealed class LiveMethods(SessionServices services, SessionRegistry registry)
{
    private const int MaximumPings = 100;

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
        server.Register<TraceParameters, TelepresenceTrace>(
            EngineMethods.Trace,
            (parameters, request, token) =>
                SessionMethods.Typed(() =>
                    new PacketTrace(Single(parameters.Session), parameters, services.Time).RunAsync(
                        progress => request.Connection.Notify(EngineMethods.TraceProgressed, progress),
                        token
                    )
                )
        );
        server.Register<PingParameters, double[]>(
            EngineMethods.Ping,
            (parameters, _, token) => SessionMethods.Typed(() => PingAsync(parameters, token))
        );
    }

    /// <exception cref="TelepresenceException">SessionNotFound, SessionAmbiguous.</exception>
    private EngineSession Single(string? name) =>
        registry.Find(name) switch
        {
            [var only] => only,
            [] => throw ErrorCatalogue.Error(ErrorId.SessionNotFound, null, ("session", "*")),
            var several => throw ErrorCatalogue.Error(
                ErrorId.SessionAmbiguous,
                null,
                ("sessions", string.Join(", ", several.Select(s => s.Name)))
            ),
        };

    private async Task<double[]> PingAsync(PingParameters parameters, CancellationToken cancellationToken)
    {
        var session = registry.Find(parameters.Session)[0];
        var times = new double[Math.Clamp(parameters.Count, 1, MaximumPings)];
        for (var i = 0; i < times.Length; i++)
        {
            var begin = services.Time.GetTimestamp();
            await session.Manager.PingAsync(cancellationToken).ConfigureAwait(false);
            times[i] = services.Time.GetElapsedTime(begin).TotalMilliseconds;
        }
        return times;
    }
}
