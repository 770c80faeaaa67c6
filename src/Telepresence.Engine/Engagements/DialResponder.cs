using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Telepresence.Engine.Engagements.Flows;
using Telepresence.Engine.Manager;
using Telepresence.Engine.NetStack;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Engagements;

/// <summary>
/// Answers connections that came in at an agent: dials what the engagement names on this machine and joins the two
/// (PROTOCOL §2.7). What is no engagement's of ours is rejected: nobody in the cluster chooses what is dialled here.
/// </summary>
internal sealed partial class DialResponder : IAsyncDisposable
{
    /// <summary>Connections at a time; more than any local server takes.</summary>
    private const int MostConnections = 4096;

    private readonly TunnelOptions _options;
    private readonly Func<DialTarget, Engagement?> _find;
    private readonly ILogger _logger;
    private readonly FlowCounters _counters = new();
    private readonly RunningTasks _running;

    /// <param name="find">Whose target it is.</param>
    public DialResponder(TunnelOptions options, Func<DialTarget, Engagement?> find, ILogger<DialResponder> logger)
    {
        _options = options;
        _find = find;
        _logger = logger;
        _running = new RunningTasks(MostConnections, e => LogFailed(e));
    }

    /// <summary>Answers on a tunnel to whoever asked. Returns at once.</summary>
    /// <param name="open">Opens a tunnel with the peer that sent the request.</param>
    /// <param name="sessionId">Ours with the traffic-manager.</param>
    public void Answer(Func<CallOptions, GrpcCall> open, string sessionId, DialRequest request)
    {
        if (!ConnId.TryParse(request.ConnId.Span, out var id))
        {
            LogUnreadable(request.ConnId.Length);
            return;
        }
        var options = _options with
        {
            RoundtripLatency = Duration(request.RoundtripLatency, _options.RoundtripLatency),
            DialTimeout = Duration(request.DialTimeout, _options.DialTimeout),
        };
        // Nobody answers one too many: the far side gives it up when the dial time-out is over.
        if (!_running.TryRun(token => AnswerAsync(new TunnelDialer(open, sessionId, options), id!, token)))
            LogTooMany(id!);
    }

    public ValueTask DisposeAsync() => _running.DisposeAsync();

    private async Task AnswerAsync(TunnelDialer dialer, ConnId id, CancellationToken cancellationToken)
    {
        try
        {
            using var tunnel = await dialer.AnswerAsync(id, cancellationToken).ConfigureAwait(false);
            if (_find(new DialTarget(id.Destination, id.Protocol)) is not { } engagement)
            {
                LogForeign(id);
                await RejectAsync(tunnel, SocketError.AccessDenied, dialer.Options, cancellationToken)
                    .ConfigureAwait(false);
                return;
            }
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, engagement.Ended);
            engagement.CountConnection();
            if (id.Protocol == ProtocolType.Udp)
                await JoinUdpAsync(tunnel, id, dialer.Options, either.Token).ConfigureAwait(false);
            else
                await JoinTcpAsync(tunnel, id, dialer.Options, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (FlowTunnel.IsExpected(e))
        {
            LogEnded(id, e.Message);
        }
    }

    private async Task JoinTcpAsync(
        ManagerTunnel tunnel,
        ConnId id,
        TunnelOptions options,
        CancellationToken cancellationToken
    )
    {
        var socket = await DialAsync(tunnel, id, options, cancellationToken).ConfigureAwait(false);
        if (socket is null)
            return;
        var flow = StreamFlow.Of(socket, new FlowEndpoints(id.Source, id.Destination));
        await using var _ = flow.ConfigureAwait(false);
        await tunnel.AcceptAsync(cancellationToken).ConfigureAwait(false);
        await new TcpPump(flow, tunnel, _counters, options).RunAsync(cancellationToken).ConfigureAwait(false);
        await flow.DrainAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task JoinUdpAsync(
        ManagerTunnel tunnel,
        ConnId id,
        TunnelOptions options,
        CancellationToken cancellationToken
    )
    {
        var socket = await DialAsync(tunnel, id, options, cancellationToken).ConfigureAwait(false);
        if (socket is null)
            return;
        using var flow = new ConnectedUdpFlow(socket, new FlowEndpoints(id.Source, id.Destination));
        await tunnel.AcceptAsync(cancellationToken).ConfigureAwait(false);
        await new UdpPump(flow, tunnel, _counters, options).RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Null: nobody answers there, and the far side was told.</summary>
    private async Task<Socket?> DialAsync(
        ManagerTunnel tunnel,
        ConnId id,
        TunnelOptions options,
        CancellationToken cancellationToken
    )
    {
        using var late = new CancellationTokenSource(options.DialTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        var type = id.Protocol == ProtocolType.Udp ? SocketType.Dgram : SocketType.Stream;
        var socket = new Socket(id.Destination.AddressFamily, type, id.Protocol);
        try
        {
            await socket.ConnectAsync(id.Destination, either.Token).ConfigureAwait(false);
            return socket;
        }
        catch (Exception e)
            when (e is SocketException || (late.IsCancellationRequested && e is OperationCanceledException))
        {
            socket.Dispose();
            var error = (e as SocketException)?.SocketErrorCode ?? SocketError.TimedOut;
            LogNotDialled(id, error);
            await RejectAsync(tunnel, error, options, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task RejectAsync(
        ManagerTunnel tunnel,
        SocketError error,
        TunnelOptions options,
        CancellationToken cancellationToken
    )
    {
        using var late = new CancellationTokenSource(options.RoundtripLatency, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        await tunnel.RejectAsync(DialErrno.FromSocketError(error), either.Token).ConfigureAwait(false);
    }

    private static TimeSpan Duration(long nanoseconds, TimeSpan otherwise) =>
        nanoseconds > 0 ? TimeSpan.FromTicks(nanoseconds / 100) : otherwise;

    [LoggerMessage(Level = LogLevel.Error, Message = "A connection of an engagement failed")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A dial request of {Length} bytes names no connection")]
    private partial void LogUnreadable(int length);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Id} is not answered: there are too many connections")]
    private partial void LogTooMany(ConnId id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Id} is refused: it is no engagement's")]
    private partial void LogForeign(ConnId id);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Id} is rejected: {Error}")]
    private partial void LogNotDialled(ConnId id, SocketError error);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Id} ended: {Reason}")]
    private partial void LogEnded(ConnId id, string reason);
}
