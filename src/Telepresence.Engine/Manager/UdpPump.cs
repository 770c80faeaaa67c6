using System.Buffers;
using Telepresence.Engine.NetStack;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Manager;

/// <summary>Copies datagrams between a UDP flow and its tunnel, one to a message, until either ends or both are idle.</summary>
internal sealed class UdpPump(IUdpFlow flow, ManagerTunnel tunnel, FlowCounters counters, TunnelOptions options)
{
    private const int MaxDatagramLength = 65507;

    /// <exception cref="Exception">As <see cref="FlowTunnel.IsExpected"/>.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var idle = new IdleTimer(options.TimeProvider, options.UdpIdleTimeout);
        using var pumps = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Idle);
        // A UDP conversation is over as soon as one side is.
        var up = EndingAll(UpAsync(idle, pumps.Token), pumps);
        var down = EndingAll(DownAsync(idle, pumps.Token), pumps);
        try
        {
            await Task.WhenAll(up, down).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Idle, or one side ended in order.
        }
    }

    private static async Task EndingAll(Task pump, CancellationTokenSource pumps)
    {
        try
        {
            await pump.ConfigureAwait(false);
        }
        finally
        {
            await pumps.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task UpAsync(IdleTimer idle, CancellationToken cancellationToken)
    {
        while (true)
        {
            var reading = flow.ReadAsync(cancellationToken);
            // A burst goes out together, in as few frames as hold it, and the last of it at once.
            if (!reading.IsCompleted)
                await tunnel.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (await reading.ConfigureAwait(false) is not { } datagram)
                return;
            await tunnel.AppendDataAsync(datagram, cancellationToken).ConfigureAwait(false);
            counters.Sent(datagram.Length);
            idle.Touch();
        }
    }

    private async Task DownAsync(IdleTimer idle, CancellationToken cancellationToken)
    {
        while (await tunnel.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            idle.Touch();
            if (tunnel.Code == TunnelMessageCode.Disconnect)
                return;
            if (tunnel.Code == TunnelMessageCode.Data && tunnel.Remaining <= MaxDatagramLength)
                await SendToFlowAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask SendToFlowAsync(CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(tunnel.Remaining);
        try
        {
            var length = await tunnel.ReadWholeBodyAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (flow.Send(buffer.AsSpan(0, length)))
                counters.Received(length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
