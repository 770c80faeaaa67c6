using System.Buffers;
using System.Threading.Channels;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>
/// A client's copy of what a caller sends (PROTOCOL §6.2). It is never waited for: what it cannot take is dropped, and what it
/// answers goes nowhere.
/// </summary>
internal sealed class Tap : IAsyncDisposable
{
    private const int Capacity = 256;

    // A client that does not close its side has had its time by then.
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(10);

    private readonly Channel<ReadOnlyMemory<byte>> _chunks = Channel.CreateBounded<ReadOnlyMemory<byte>>(
        new BoundedChannelOptions(Capacity) { SingleReader = true }
    );
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _running;

    /// <param name="open">Opens the way to the client.</param>
    public Tap(Func<CancellationToken, Task<IFarEnd>> open) => _running = RunAsync(open);

    /// <summary>Offers a copy.</summary>
    /// <returns>False: it was dropped.</returns>
    public bool Add(ReadOnlyMemory<byte> data) => _chunks.Writer.TryWrite(data.ToArray());

    /// <summary>The caller has ended; what is still to be sent is sent for a while.</summary>
    public async ValueTask DisposeAsync()
    {
        _chunks.Writer.TryComplete();
        _ending.CancelAfter(DrainLimit);
        await _running.ConfigureAwait(false);
        _ending.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task<IFarEnd>> open)
    {
        try
        {
            var client = await open(_ending.Token).ConfigureAwait(false);
            await using (client.ConfigureAwait(false))
            {
                var answers = DiscardAsync(client);
                await foreach (var chunk in _chunks.Reader.ReadAllAsync(_ending.Token).ConfigureAwait(false))
                    await client.SendAsync(chunk, _ending.Token).ConfigureAwait(false);
                await client.CloseSendAsync(_ending.Token).ConfigureAwait(false);
                await answers.ConfigureAwait(false);
            }
        }
        catch (Exception e) when (ConnectionEnd.IsExpected(e))
        {
            // A client that is gone, or too slow, misses the rest; the caller does not notice.
        }
        finally
        {
            _chunks.Writer.TryComplete();
        }
    }

    private async Task DiscardAsync(IFarEnd client)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Relay.BufferLength);
        try
        {
            while (await client.ReceiveAsync(buffer, _ending.Token).ConfigureAwait(false) != IFarEnd.Ended) { }
        }
        catch (Exception e) when (ConnectionEnd.IsExpected(e))
        {
            // As its copy's end.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
