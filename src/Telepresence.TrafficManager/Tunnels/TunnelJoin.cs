using Telepresence.Protocol.Tunnel;

namespace Telepresence.TrafficManager.Tunnels;

/// <summary>
/// Two tunnels joined: what comes from one goes to the other as it is. To both peers this side serves the rpc, so the end of
/// one's request is a CloseSend to the other (PROTOCOL §2.5). Nothing is buffered but what HTTP/2 buffers.
/// </summary>
internal sealed class TunnelJoin(
    TunnelReader reader,
    TunnelResponseWriter writer,
    AnsweringTunnel other,
    CancellationToken cancellationToken
)
{
    private bool _closed;

    /// <summary>Joins them until both directions have ended.</summary>
    /// <param name="otherHasMessage">True: the other's reader stands at a message that is to be sent too.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task RunAsync(bool otherHasMessage)
    {
        using var pumps = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, other.Aborted);
        var there = PumpAsync(reader, false, other.Writer, pumps);
        var back = PumpAsync(other.Reader, otherHasMessage, writer, pumps);
        await Task.WhenAll(there, back).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_closed || (there.IsCompletedSuccessfully && back.IsCompletedSuccessfully))
            return;
        // One peer is gone: for the other, that is a hard close.
        if (!other.Aborted.IsCancellationRequested)
            await DisconnectAsync(other.Writer, other.Aborted).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        await DisconnectAsync(writer, cancellationToken).ConfigureAwait(false);
    }

    private async Task PumpAsync(
        TunnelReader from,
        bool hasMessage,
        TunnelResponseWriter to,
        CancellationTokenSource pumps
    )
    {
        try
        {
            while (hasMessage || await from.ReadAsync(pumps.Token).ConfigureAwait(false))
            {
                hasMessage = false;
                var code = from.Code;
                await to.ForwardAsync(from, pumps.Token).ConfigureAwait(false);
                if (code == TunnelMessageCode.CloseSend)
                    return;
                if (code == TunnelMessageCode.DialReject)
                    await to.CloseSendAsync(pumps.Token).ConfigureAwait(false);
                if (code is TunnelMessageCode.DialReject or TunnelMessageCode.Disconnect)
                {
                    _closed = true;
                    await pumps.CancelAsync().ConfigureAwait(false);
                    return;
                }
            }
            await to.CloseSendAsync(pumps.Token).ConfigureAwait(false);
        }
        catch
        {
            await pumps.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task DisconnectAsync(TunnelResponseWriter to, CancellationToken cancellationToken)
    {
        // In the middle of a message nothing can be said; the rpc's end says it.
        if (to.IsWithinMessage)
            return;
        try
        {
            await to.WriteAsync(TunnelMessageCode.Disconnect, default, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // It is gone too.
        }
    }
}
