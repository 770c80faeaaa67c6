using Microsoft.Extensions.Logging;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.Engine.Host;
using Telepresence.Engine.Session;

namespace Telepresence.Engine.Ipc;

/// <summary>The contract's methods for who looks for a fault. Both roles of the engine answer them.</summary>
internal sealed class LogMethods(SessionServices services, SessionRegistry registry, LogLevelControl level)
{
    public void Register(IpcServer server)
    {
        server.Register<LogLevelParameters>(
            EngineMethods.SetLogLevel,
            (parameters, _, token) =>
                SessionMethods.Typed(async () =>
                {
                    await SetAsync(parameters, token).ConfigureAwait(false);
                    return true;
                })
        );
        server.Register<SessionParameters, string[]>(
            EngineMethods.Rules,
            (_, _, _) =>
                SessionMethods.Typed(() =>
                    Task.FromResult<string[]>([
                        .. (services.Routing.Snapshot().Rules ?? []).Select(r => $"{r.Family} {r}"),
                    ])
                )
        );
    }

    private async Task SetAsync(LogLevelParameters parameters, CancellationToken cancellationToken)
    {
        TimeSpan? duration = parameters.DurationSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        if (parameters.Component == LogComponent.Engine)
        {
            level.Set((LogLevel)(int)parameters.Level, duration);
            return;
        }
        foreach (var session in registry.Find(parameters.Session))
        {
            await session
                .Manager.SetLogLevelAsync(NameOf(parameters.Level), duration, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    /// <summary>As upstream names levels; it has none above error.</summary>
    private static string NameOf(LogLevelName level) =>
        level switch
        {
            LogLevelName.Trace => "trace",
            LogLevelName.Debug => "debug",
            LogLevelName.Information => "info",
            LogLevelName.Warning => "warning",
            _ => "error",
        };
}
