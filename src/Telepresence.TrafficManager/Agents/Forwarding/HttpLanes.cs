using System.Buffers;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>The ways that requests of one caller's connection have taken, kept for more. One at a time may answer.</summary>
internal sealed class HttpLanes(IFarEnd caller) : IAsyncDisposable
{
    private const string Application = "";

    private readonly Dictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _over = new();
    private Lane? _current;

    /// <summary>Cancelled when the present way broke.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>The way for the next request; from then on the others are not heard.</summary>
    /// <param name="taker">Null: the application.</param>
    /// <param name="open">Opens it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    public async ValueTask<IFarEnd> UseAsync(
        ServedIntercept? taker,
        Func<CancellationToken, Task<IFarEnd>> open,
        CancellationToken cancellationToken
    )
    {
        var key = taker?.Id ?? Application;
        if (_lanes.TryGetValue(key, out var lane) && lane.Answers.IsCompleted)
        {
            await lane.End.DisposeAsync().ConfigureAwait(false);
            _lanes.Remove(key);
            lane = null;
        }
        if (lane is null)
        {
            lane = new Lane(await open(cancellationToken).ConfigureAwait(false));
            _lanes[key] = lane;
            Volatile.Write(ref _current, lane);
            lane.Answers = AnswerAsync(lane);
        }
        Volatile.Write(ref _current, lane);
        return lane.End;
    }

    /// <summary>The caller has sent everything; what the last request is answered is still to come.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        if (_current is not { } current)
            return;
        await current.End.CloseSendAsync(cancellationToken).ConfigureAwait(false);
        await current.Answers.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        foreach (var lane in _lanes.Values)
        {
            await lane.Answers.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await lane.End.DisposeAsync().ConfigureAwait(false);
        }
        _ending.Dispose();
        _over.Dispose();
    }

    private async Task AnswerAsync(Lane lane)
    {
        try
        {
            while (await TransferAsync(lane).ConfigureAwait(false)) { }
            if (Volatile.Read(ref _current) == lane)
                await caller.CloseSendAsync(_ending.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (ConnectionEnd.IsExpected(e))
        {
            if (Volatile.Read(ref _current) != lane || _ending.IsCancellationRequested)
                return;
            await caller.AbortAsync().ConfigureAwait(false);
            await _over.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <returns>False: it has nothing more to say, or may not.</returns>
    private async Task<bool> TransferAsync(Lane lane)
    {
        await lane.End.WaitAsync(_ending.Token).ConfigureAwait(false);
        var buffer = ArrayPool<byte>.Shared.Rent(Relay.BufferLength);
        try
        {
            var received = await lane.End.ReceiveAsync(buffer, _ending.Token).ConfigureAwait(false);
            // A way that is not asked has nothing to answer: a time-out's message, say.
            if (received == IFarEnd.Ended || Volatile.Read(ref _current) != lane)
                return false;
            await caller.SendAsync(buffer.AsMemory(0, received), _ending.Token).ConfigureAwait(false);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private sealed class Lane(IFarEnd end)
    {
        public IFarEnd End => end;

        public Task Answers { get; set; } = Task.CompletedTask;
    }
}
