using System.Collections.Concurrent;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Ipc;
using Telepresence.Client.Objects;

namespace Telepresence.FakeEngine;

/// <summary>
/// Tells every client what happens, and counts them in peers.txt. A connection opens, is established and closes; a watch of the
/// session "ended" ends by itself, every other when it is cancelled.
/// </summary>
internal sealed class LiveAnswers(string directory)
{
    private readonly ConcurrentDictionary<JsonRpcConnection, bool> _peers = new();
    private readonly Lock _lock = new();

    public void Join(JsonRpcConnection peer)
    {
        _peers[peer] = true;
        Count();
        peer.Completion.ContinueWith(
            _ =>
            {
                _peers.TryRemove(peer, out var _);
                Count();
            },
            TaskScheduler.Default
        );
    }

    public void Tell<T>(string method, T news)
    {
        foreach (var peer in _peers.Keys)
        {
            peer.Notify(method, news);
        }
    }

    public static void Register(JsonRpcMethods methods, TelepresenceConnection connection, Action<string, string> note)
    {
        methods.Register<LogLevelParameters>(
            EngineMethods.SetLogLevel,
            (parameters, _, _) =>
            {
                note(
                    $"level-{parameters.Component}",
                    $"{parameters.Level} {parameters.DurationSeconds} {parameters.Session}"
                );
                return Task.CompletedTask;
            }
        );
        methods.Register<SessionParameters, string[]>(
            EngineMethods.Rules,
            (_, _, _) => Task.FromResult<string[]>(["InterNetwork 5300: iif lo to 192.0.2.53 lookup 5300"])
        );
        methods.Register<TraceParameters, TelepresenceTrace>(EngineMethods.Trace, TraceAsync);
        methods.Register<PingParameters, double[]>(
            EngineMethods.Ping,
            (_, _, _) => Task.FromResult<double[]>([1, 30, 2])
        );
        methods.Register<ConnectionWatchParameters>(
            EngineMethods.WatchConnections,
            async (parameters, request, cancellationToken) =>
            {
                if (parameters.Session == "nothing")
                {
                    throw ErrorCatalogue.Error(ErrorId.SessionNotFound, "nothing", ("session", "nothing"));
                }
                TelepresenceConnectionChange[] changes =
                [
                    Change(connection, ConnectionChange.Opened, "SynReceived", ""),
                    Change(connection, ConnectionChange.StateChanged, "Established", "SynReceived"),
                    Change(connection, ConnectionChange.Closed, "Closed", "Established"),
                ];
                request.Connection.Notify(
                    EngineMethods.ConnectionsChanged,
                    new ConnectionChanges(parameters.Operation, 1, parameters.Session == "lossy" ? 7 : 0, changes)
                );
                if (parameters.Session is not ("ended" or "lossy"))
                {
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }
            }
        );
    }

    private static async Task<TelepresenceTrace> TraceAsync(
        TraceParameters parameters,
        JsonRpcRequest request,
        CancellationToken cancellationToken
    )
    {
        if (parameters.Filter == "nonsense")
        {
            throw ErrorCatalogue.Error(
                ErrorId.InvalidParameter,
                "nonsense",
                ("parameter", "Filter"),
                ("value", "nonsense"),
                ("reason", "column 1"),
                ("command", "Trace-TelepresencePacket")
            );
        }
        request.Connection.Notify(EngineMethods.TraceProgressed, new TraceProgress(parameters.Operation, 7, 700, 0));
        await Task.Delay(
            parameters.DurationSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan,
            cancellationToken
        );
        return new TelepresenceTrace
        {
            Path = parameters.Path,
            Session = parameters.Session ?? "demo-default",
            Filter = parameters.Filter ?? "",
            Packets = 42,
            Bytes = 4_200,
            Dropped = parameters.Overwrite ? 0 : 3,
            Duration = parameters.DurationSeconds ?? 0,
        };
    }

    private void Count()
    {
        lock (_lock)
        {
            File.WriteAllText(Path.Combine(directory, "peers.txt"), $"{_peers.Count}");
        }
    }

    private static TelepresenceConnectionChange Change(
        TelepresenceConnection connection,
        ConnectionChange change,
        string state,
        string previous
    ) =>
        new()
        {
            Time = connection.CreationTime,
            Change = change,
            PreviousState = previous,
            LocalAddress = connection.LocalAddress,
            LocalPort = connection.LocalPort,
            RemoteAddress = connection.RemoteAddress,
            RemotePort = connection.RemotePort,
            State = state,
            OwningProcess = 4711,
            CreationTime = connection.CreationTime,
            BytesSent = connection.BytesSent,
            DnsName = connection.DnsName,
            ClusterAddress = connection.ClusterAddress,
            Target = connection.Target,
            Session = connection.Session,
        };
}
