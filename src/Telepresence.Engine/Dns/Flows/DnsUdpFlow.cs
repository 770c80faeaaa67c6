using System.Buffers;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Dns;

/// <summary>
/// Serves the queries of one UDP 4-tuple. Those that have to wait do so beside each other: a resolver sends its A and
/// its AAAA query at once, from one port.
/// </summary>
internal sealed class DnsUdpFlow(DnsFront front, IUdpFlow flow, TimeProvider time)
{
    /// <summary>Longer than the five seconds after which the C library asks again from the same port.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(15);

    // Above the hundred that a busy forwarder keeps under way from one port: what is dropped costs it seconds.
    private const int MaxWaiting = 128;

    private readonly Lock _sendGate = new();
    private readonly TaskSlots _waiting = new(MaxWaiting);

    /// <summary>Completes when the flow is closed or idle.</summary>
    public async Task ServeAsync(CancellationToken cancellationToken)
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timer = time.CreateTimer(
            static source => ((CancellationTokenSource)source!).Cancel(),
            idle,
            IdleLimit,
            Timeout.InfiniteTimeSpan
        );
        var response = ArrayPool<byte>.Shared.Rent(DnsFront.MaxMessageLength);
        try
        {
            while (await flow.ReadAsync(idle.Token).ConfigureAwait(false) is { } query)
            {
                timer.Change(IdleLimit, Timeout.InfiniteTimeSpan);
                if (front.TryHandle(query.Span, DnsTransport.Udp, response, out var length))
                {
                    Send(response.AsSpan(0, length));
                }
                else if (!_waiting.TryStart(bytes => AnswerAsync(bytes, cancellationToken), query.ToArray()))
                {
                    front.Statistics.CountDropped();
                }
            }
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested)
        {
            // Idle, or the engine ends: either way the flow is over.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(response);
            try
            {
                await _waiting.WhenAll().ConfigureAwait(false);
            }
            finally
            {
                flow.Close();
            }
        }
    }

    private async Task AnswerAsync(byte[] query, CancellationToken cancellationToken)
    {
        var response = ArrayPool<byte>.Shared.Rent(DnsFront.MaxMessageLength);
        try
        {
            var length = await front
                .HandleAsync(query, DnsTransport.Udp, response, cancellationToken)
                .ConfigureAwait(false);
            Send(response.AsSpan(0, length));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Nobody is left to be answered.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(response);
        }
    }

    private void Send(ReadOnlySpan<byte> response)
    {
        if (response.IsEmpty)
            return;
        lock (_sendGate)
            flow.Send(response);
    }
}
