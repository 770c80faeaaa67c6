using Telepresence.Engine.NetStack;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Manager;

/// <summary>
/// Copies between an accepted TCP flow and its tunnel. Up, bytes go from the flow's receive queue to HTTP/2; down, HTTP/2
/// fills the flow's send queue itself.
/// </summary>
internal sealed class TcpPump(ITcpFlow flow, ManagerTunnel tunnel, FlowCounters counters, TunnelOptions options)
{
    /// <exception cref="Exception">As <see cref="FlowTunnel.IsExpected"/>: the caller aborts the flow.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var idle = new IdleTimer(options.TimeProvider, options.TcpIdleTimeout);
        using var pumps = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Idle);
        var up = EndingOnFailure(UpAsync(idle, pumps.Token), pumps);
        var down = EndingOnFailure(DownAsync(idle, pumps.Token), pumps);
        await Task.WhenAll(up, down).ConfigureAwait(false);
    }

    private static async Task EndingOnFailure(Task pump, CancellationTokenSource pumps)
    {
        try
        {
            await pump.ConfigureAwait(false);
        }
        catch
        {
            await pumps.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task UpAsync(IdleTimer idle, CancellationToken cancellationToken)
    {
        while (true)
        {
            var reading = flow.ReadAsync(cancellationToken);
            // A flush is a write of the transport: only when nothing else is there to go with it.
            if (!reading.IsCompleted)
                await tunnel.FlushAsync(cancellationToken).ConfigureAwait(false);
            var data = await reading.ConfigureAwait(false);
            if (data.IsEmpty)
                break;
            if (data.Length > TunnelMessageCodec.BulkDataLength)
                data = data[..TunnelMessageCodec.BulkDataLength];
            await tunnel.WriteDataAsync(data, flush: false, cancellationToken).ConfigureAwait(false);
            flow.AdvanceRead(data.Length);
            counters.Sent(data.Length);
            idle.Touch();
        }
        tunnel.CompleteWrite();
    }

    private async Task DownAsync(IdleTimer idle, CancellationToken cancellationToken)
    {
        var completed = false;
        // Also after CloseSend until the stream's end: resetting it early would cut off what still goes up.
        while (await tunnel.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            idle.Touch();
            switch (tunnel.Code)
            {
                case TunnelMessageCode.Data when !completed:
                    await WriteToFlowAsync(cancellationToken).ConfigureAwait(false);
                    break;
                case TunnelMessageCode.CloseSend when !completed:
                    completed = true;
                    flow.CompleteWrite();
                    break;
                case TunnelMessageCode.Disconnect:
                case TunnelMessageCode.DialReject:
                    throw new FlowAbortedException("The far side reset the connection.");
            }
        }
        if (!completed)
            flow.CompleteWrite();
    }

    private async ValueTask WriteToFlowAsync(CancellationToken cancellationToken)
    {
        while (tunnel.Remaining > 0)
        {
            var memory = await flow.GetWriteMemoryAsync(cancellationToken).ConfigureAwait(false);
            var read = await tunnel.ReadBodyAsync(memory, cancellationToken).ConfigureAwait(false);
            flow.AdvanceWrite(read);
            counters.Received(read);
        }
    }
}
