using System.Buffers;
using Telepresence.Protocol.Tunnel;
using Telepresence.TrafficManager.Tunnels;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>Carries a caller's connection to where it goes, both ways, until both have ended.</summary>
internal sealed class Relay(IFarEnd caller, IFarEnd target, IReadOnlyList<Tap> taps, IdleTimer idle)
{
    public const int BufferLength = 65536;

    private long _fromCaller;
    private long _toCaller;

    /// <summary>What was carried, as the client has it: its answers go to the cluster.</summary>
    public TunnelTraffic Traffic => new(_toCaller, _fromCaller);

    /// <param name="cancellationToken">Closes both ends.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var pumps = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, idle.Idle);
        var there = EndingOnFailure(ToTargetAsync(pumps.Token), pumps);
        var back = EndingOnFailure(ToCallerAsync(pumps.Token), pumps);
        await Task.WhenAll(there, back).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (there.IsCompletedSuccessfully && back.IsCompletedSuccessfully)
            return;
        await caller.AbortAsync().ConfigureAwait(false);
        await target.AbortAsync().ConfigureAwait(false);
    }

    private async Task ToTargetAsync(CancellationToken cancellationToken)
    {
        await PumpAsync(caller, target, CountFromCaller, cancellationToken).ConfigureAwait(false);
        await target.CloseSendAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ToCallerAsync(CancellationToken cancellationToken)
    {
        await PumpAsync(target, caller, CountToCaller, cancellationToken).ConfigureAwait(false);
        await caller.CloseSendAsync(cancellationToken).ConfigureAwait(false);
    }

    private void CountFromCaller(ReadOnlyMemory<byte> data)
    {
        _fromCaller += data.Length;
        foreach (var tap in taps)
            tap.Add(data);
    }

    private void CountToCaller(ReadOnlyMemory<byte> data) => _toCaller += data.Length;

    private async Task PumpAsync(
        IFarEnd from,
        IFarEnd to,
        Action<ReadOnlyMemory<byte>> count,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            await from.WaitAsync(cancellationToken).ConfigureAwait(false);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
            try
            {
                var received = await from.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (received == IFarEnd.Ended)
                    return;
                idle.Touch();
                count(buffer.AsMemory(0, received));
                await to.SendAsync(buffer.AsMemory(0, received), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
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
}
