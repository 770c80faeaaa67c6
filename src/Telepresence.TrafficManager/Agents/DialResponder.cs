using System.Net.Sockets;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.TrafficManager.Agents;

/// <summary>
/// Answers the manager's DialRequests: a tunnel back with the same ConnID, whose far end is dialled here (PROTOCOL §2.10).
/// </summary>
internal sealed partial class DialResponder(ManagerClient manager, DialledTunnel dialled, TrafficAgentOptions options)
    : IAsyncDisposable
{
    private readonly ILogger _logger = options.LoggerFactory.CreateLogger<DialResponder>();
    private readonly OwnedTasks _tunnels = new();
    private readonly SemaphoreSlim _dials = new(options.MaxConcurrentDials);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Answers what comes, until the watch ends.</summary>
    /// <exception cref="RpcException">The watch ended otherwise.</exception>
    public async Task WatchAsync(SessionInfo session, CancellationToken cancellationToken)
    {
        using var watch = manager.WatchDial(session, new CallOptions(CancellationToken: cancellationToken));
        await foreach (var request in watch.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            if (
                !ConnId.TryParse(request.ConnId.Span, out var id)
                || id!.Protocol is not (ProtocolType.Tcp or ProtocolType.Udp)
            )
            {
                LogMalformed(_logger, request.ConnId.Length);
                continue;
            }
            // The requests behind this one wait with the manager, which then finds other ways.
            await _dials.WaitAsync(cancellationToken).ConfigureAwait(false);
            var info = new StreamInfo(
                id,
                session.SessionId,
                TimeSpan.FromMicroseconds(request.RoundtripLatency / 1000),
                TimeSpan.FromMicroseconds(request.DialTimeout / 1000)
            );
            _tunnels.Add(AnswerAsync(info));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _tunnels.WhenAllAsync().ConfigureAwait(false);
        _dials.Dispose();
        _stopping.Dispose();
    }

    private async Task AnswerAsync(StreamInfo info)
    {
        var dialling = 1;
        try
        {
            using var call = manager.OpenTunnel(new CallOptions(CancellationToken: _stopping.Token));
            await CarryAsync(call, info, Answered).ConfigureAwait(false);
        }
        catch (Exception e) when (GrpcCall.IsOfTransport(e) || e is RpcException or TunnelFormatException)
        {
            LogFailed(_logger, info.ConnId, e.Message);
        }
        finally
        {
            Answered();
        }

        void Answered()
        {
            if (Interlocked.Exchange(ref dialling, 0) == 1)
                _dials.Release();
        }
    }

    private async Task CarryAsync(GrpcCall call, StreamInfo info, Action answered)
    {
        var writer = new TunnelWriter(await call.GetRequestStreamAsync().ConfigureAwait(false));
        await writer
            .WriteAsync(TunnelMessageCode.StreamInfo, info.ToByteArray(), call.CancellationToken)
            .ConfigureAwait(false);
        using var reader = new TunnelReader(
            await call.GetResponseStreamAsync().ConfigureAwait(false),
            options.MaxReceiveMessageSize
        );
        if (
            !await reader.ReadAsync(call.CancellationToken).ConfigureAwait(false)
            || reader.Code != TunnelMessageCode.StreamOk
        )
            throw new TunnelFormatException("The traffic-manager did not accept the tunnel.");
        var output = new TunnelRequestWriter(call, writer);
        var first = reader.ReadAsync(call.CancellationToken).AsTask();
        await dialled
            .CarryAsync(info, new TunnelStream(reader, output, first), answered, call.CancellationToken)
            .ConfigureAwait(false);
        // A call that is dropped before the manager has read to its end loses what is still under way.
        await output.CloseSendAsync(call.CancellationToken).ConfigureAwait(false);
        var more = await first.ConfigureAwait(false);
        while (more)
            more = await reader.ReadAsync(call.CancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(LogLevel.Warning, "A dial request with a malformed ConnID of {Length} bytes")]
    private static partial void LogMalformed(ILogger logger, int length);

    [LoggerMessage(LogLevel.Debug, "The tunnel {ConnId} ended: {Reason}")]
    private static partial void LogFailed(ILogger logger, ConnId connId, string reason);
}
