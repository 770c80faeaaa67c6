using System.Net.Sockets;
using System.Text;
using Google.Protobuf;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Services;
using Telepresence.TrafficManager.Sessions;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>
/// The manager's way with tunnels: a client's is extended to an agent where there is one for it, and dialled here where not;
/// an agent's answers a DialRequest, or leads to a client (PROTOCOL §2.7 b, §2.10).
/// </summary>
internal sealed class ManagerRoute(
    DialledTunnel dialled,
    SessionTable sessions,
    ClusterStateFeed feed,
    TunnelCounters counters,
    TimeProvider timeProvider
) : ITunnelRoute
{
    private const int MaxSessionIdLength = 256;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private readonly TunnelRendezvous _rendezvous = new();

    public Session Admit(StreamInfo info) => sessions.Get(info.SessionId);

    public async Task CarryAsync(
        Session? caller,
        StreamInfo info,
        TunnelReader reader,
        TunnelResponseWriter writer,
        CancellationToken cancellationToken
    )
    {
        counters.Opened();
        try
        {
            await RouteAsync(caller, info, reader, writer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            counters.Closed();
        }
    }

    private Task RouteAsync(
        Session? caller,
        StreamInfo info,
        TunnelReader reader,
        TunnelResponseWriter writer,
        CancellationToken cancellationToken
    ) =>
        caller switch
        {
            AgentSession => CarryForAgentAsync(info, reader, writer, cancellationToken),
            // The usual case, kept apart so that it costs nothing more.
            _ when sessions.Agents.All.IsEmpty && _rendezvous.IsEmpty => dialled.CarryAsync(
                info,
                new TunnelStream(reader, writer),
                null,
                cancellationToken
            ),
            _ => CarryForClientAsync((ClientSession)caller!, info, reader, writer, cancellationToken),
        };

    private async Task CarryForClientAsync(
        ClientSession client,
        StreamInfo info,
        TunnelReader reader,
        TunnelResponseWriter writer,
        CancellationToken cancellationToken
    )
    {
        if (
            await _rendezvous
                .TryAnswerAsync(client.Id, info.ConnId, reader, writer, cancellationToken)
                .ConfigureAwait(false)
        )
            return;
        if (
            client.Client.Namespace != feed.Current.ManagerNamespace
            && sessions.Agents.Choose(
                info.ConnId.Destination.Address,
                client.Client.Namespace,
                agent => sessions.Intercepts.IsIntercepted(agent, client.Id)
            )
                is { } agent
            && await TryExtendAsync(agent, info, reader, writer, cancellationToken).ConfigureAwait(false)
        )
            return;
        await dialled.CarryAsync(info, new TunnelStream(reader, writer), null, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>False: the agent is gone before it answered, and nothing was taken from the client's tunnel.</summary>
    private async Task<bool> TryExtendAsync(
        AgentSession agent,
        StreamInfo info,
        TunnelReader reader,
        TunnelResponseWriter writer,
        CancellationToken cancellationToken
    )
    {
        using var awaited = _rendezvous.Await(agent.Id, info.ConnId);
        if (awaited is null || !agent.Dials.TrySend(RequestFor(info), out var unwatched))
            return false;
        using var timeout = new CancellationTokenSource(WaitOf(info), timeProvider);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource([
            cancellationToken,
            timeout.Token,
            agent.Ended,
            unwatched,
        ]);
        AnsweringTunnel? answer = null;
        try
        {
            answer = await awaited.WaitAsync(waiting.Token).ConfigureAwait(false);
            // Until the agent has said how its dial went, the client's tunnel is untouched and can take another way.
            using var dialling = CancellationTokenSource.CreateLinkedTokenSource(
                cancellationToken,
                timeout.Token,
                answer.Aborted
            );
            if (!await answer.Reader.ReadAsync(dialling.Token).ConfigureAwait(false))
            {
                answer.Release();
                return false;
            }
        }
        catch (Exception e) when (IsPeersEnd(e))
        {
            answer?.Release();
            cancellationToken.ThrowIfCancellationRequested();
            if (!timeout.IsCancellationRequested)
                return false;
            await dialled.RejectAsync(writer, SocketError.TimedOut, cancellationToken).ConfigureAwait(false);
            return true;
        }
        await JoinAsync(reader, writer, answer, otherHasMessage: true, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private async Task CarryForAgentAsync(
        StreamInfo info,
        TunnelReader reader,
        TunnelResponseWriter writer,
        CancellationToken cancellationToken
    )
    {
        if (
            await _rendezvous
                .TryAnswerAsync(info.SessionId, info.ConnId, reader, writer, cancellationToken)
                .ConfigureAwait(false)
        )
            return;
        using var timeout = new CancellationTokenSource(WaitOf(info), timeProvider);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var client = await ReadClientAsync(reader, waiting.Token).ConfigureAwait(false);
            await ExtendToClientAsync(client, info, reader, writer, waiting.Token, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RpcException(StatusCode.DeadlineExceeded, "The tunnel's other end did not come in time");
        }
    }

    private async Task ExtendToClientAsync(
        ClientSession client,
        StreamInfo info,
        TunnelReader reader,
        TunnelResponseWriter writer,
        CancellationToken waiting,
        CancellationToken cancellationToken
    )
    {
        using var awaited =
            _rendezvous.Await(client.Id, info.ConnId)
            ?? throw new RpcException(StatusCode.ResourceExhausted, "Too many tunnels are awaited");
        if (!client.Dials.TrySend(RequestFor(info), out var unwatched))
            throw new RpcException(StatusCode.Unavailable, "The client does not watch for dial requests");
        using var either = CancellationTokenSource.CreateLinkedTokenSource(waiting, client.Ended, unwatched);
        AnsweringTunnel answer;
        try
        {
            answer = await awaited.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!waiting.IsCancellationRequested)
        {
            throw new RpcException(StatusCode.Cancelled, "The client's session ended");
        }
        await JoinAsync(reader, writer, answer, otherHasMessage: false, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ClientSession> ReadClientAsync(TunnelReader reader, CancellationToken cancellationToken)
    {
        // An answer to a request that was given up meanwhile begins with its dial's result.
        if (
            !await reader.ReadAsync(cancellationToken).ConfigureAwait(false)
            || reader.Code != TunnelMessageCode.Session
            || reader.Remaining > MaxSessionIdLength
        )
            throw new RpcException(StatusCode.Cancelled, "Nobody waits for this tunnel");
        var id = new byte[reader.Remaining];
        await reader.ReadWholeBodyAsync(id, cancellationToken).ConfigureAwait(false);
        return sessions.GetClient(Encoding.UTF8.GetString(id));
    }

    private static async Task JoinAsync(
        TunnelReader reader,
        TunnelResponseWriter writer,
        AnsweringTunnel answer,
        bool otherHasMessage,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await new TunnelJoin(reader, writer, answer, cancellationToken)
                .RunAsync(otherHasMessage)
                .ConfigureAwait(false);
        }
        finally
        {
            answer.Release();
        }
    }

    private static bool IsPeersEnd(Exception exception) =>
        exception is OperationCanceledException or IOException or TunnelFormatException or RpcException;

    private static DialRequest RequestFor(StreamInfo info) =>
        new()
        {
            ConnId = ByteString.CopyFrom(info.ConnId.ToByteArray()),
            RoundtripLatency = (long)info.RoundtripLatency.TotalNanoseconds,
            DialTimeout = (long)info.DialTimeout.TotalNanoseconds,
        };

    private static TimeSpan WaitOf(StreamInfo info)
    {
        var asked = info.DialTimeout + info.RoundtripLatency;
        return asked > TimeSpan.Zero && asked < LongestWait ? asked : LongestWait;
    }
}
