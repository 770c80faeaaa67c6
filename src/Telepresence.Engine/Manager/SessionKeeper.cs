using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Manager;

/// <summary>
/// Keeps a session alive (<c>Remain</c>), which is also how a way that went silent is noticed, and opens the way anew when it
/// is lost. A manager that was replaced is asked to take the session over (<c>ReconnectClient</c>, 2.25 and later).
/// </summary>
internal sealed class SessionKeeper : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CheckSpacing = TimeSpan.FromSeconds(1);

    private readonly ManagerClient _client;
    private readonly ManagerTransport _transport;
    private readonly ManagerConnectionOptions _options;
    private readonly ClientInfo _info;
    private readonly string _managerVersion;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _keeping = Task.CompletedTask;
    private long _lastBeat;

    private SessionKeeper(
        ManagerClient client,
        ManagerTransport transport,
        ManagerConnectionOptions options,
        ClientInfo info,
        SessionInfo session,
        string managerVersion
    )
    {
        _client = client;
        _transport = transport;
        _options = options;
        _info = info;
        _managerVersion = managerVersion;
        _lastBeat = options.TimeProvider.GetTimestamp();
        Session = session;
    }

    /// <summary>The manager cannot be reached (false, with why where that is known), or can again (true). On any thread.</summary>
    public event Action<bool, Exception?>? ReachableChanged;

    public SessionInfo Session { get; }

    public Reachability Reachable { get; } = new();

    /// <summary>Completes, with the reason, when the manager does not know the session any more.</summary>
    public Task<string> Lost => _lost.Task;

    /// <param name="transport">Below the client's channel; stays the caller's.</param>
    public static SessionKeeper Start(
        ManagerClient client,
        ManagerTransport transport,
        ManagerConnectionOptions options,
        ClientInfo info,
        SessionInfo session,
        string managerVersion
    )
    {
        var keeper = new SessionKeeper(client, transport, options, info, session, managerVersion);
        keeper._keeping = keeper.KeepAsync();
        transport.Ended += keeper.OnTransportEnded;
        if (!transport.IsOpen)
            keeper.OnTransportEnded();
        return keeper;
    }

    /// <summary>The machine's network changed: looks whether the manager still answers, without waiting for the next time.</summary>
    public void Check()
    {
        if (_options.TimeProvider.GetElapsedTime(Interlocked.Read(ref _lastBeat)) >= CheckSpacing)
            Wake();
    }

    /// <summary>The manager said that it does not know the session: nobody relies on it before that is settled.</summary>
    public void Doubt()
    {
        MarkLost(null);
        Wake();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        _transport.Ended -= OnTransportEnded;
        if (!Reachable.IsReachable)
            _transport.Abort();
        await _keeping.ConfigureAwait(false);
        _closing.Dispose();
        _wake.Dispose();
    }

    /// <summary>Never faults; ends with the disposal, or once the session is lost.</summary>
    private async Task KeepAsync()
    {
        var backOff = new BackOff(FirstPause, LongestPause, _options.TimeProvider);
        try
        {
            while (!_lost.Task.IsCompleted)
            {
                if (Reachable.IsReachable)
                    await PauseAsync().ConfigureAwait(false);
                try
                {
                    await BeatAsync().ConfigureAwait(false);
                    backOff.Reset();
                }
                catch (RpcException e)
                {
                    _closing.Token.ThrowIfCancellationRequested();
                    MarkLost(e);
                    // A way on which nothing comes any more is open still.
                    _transport.Abort();
                    await backOff.WaitAsync(_closing.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // Disposed: nothing is left to keep.
        }
    }

    /// <summary>Until the next time, or until something says that it is now.</summary>
    private async Task PauseAsync()
    {
        using var late = new CancellationTokenSource(_options.RemainInterval, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _closing.Token);
        try
        {
            await _wake.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_closing.IsCancellationRequested)
        {
            // It is time.
        }
    }

    /// <exception cref="RpcException">The manager did not answer.</exception>
    private async Task BeatAsync()
    {
        var call = new CallOptions(Deadline: _options.RemainTimeout, CancellationToken: _closing.Token);
        try
        {
            await _client.Remain(new RemainRequest { Session = Session }, call).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
        {
            if (!await ReconnectAsync(call).ConfigureAwait(false))
            {
                MarkLost(null);
                _lost.TrySetResult(e.Status.Detail);
                return;
            }
        }
        Interlocked.Exchange(ref _lastBeat, _options.TimeProvider.GetTimestamp());
        if (Reachable.Restore())
            ReachableChanged?.Invoke(true, null);
    }

    /// <summary>False: the manager does not take the session over.</summary>
    private async Task<bool> ReconnectAsync(CallOptions call)
    {
        try
        {
            await _client
                .ReconnectClient(
                    new ReconnectClientRequest
                    {
                        Session = Session,
                        Client = _info,
                        Intercepts = { _options.Intercepts() },
                    },
                    call
                )
                .ConfigureAwait(false);
            return true;
        }
        catch (RpcException e) when (e.StatusCode is not (StatusCode.Unavailable or StatusCode.DeadlineExceeded))
        {
            _closing.Token.ThrowIfCancellationRequested();
            return false;
        }
    }

    private void OnTransportEnded()
    {
        MarkLost(null);
        Wake();
    }

    private void MarkLost(RpcException? reason)
    {
        var why = reason is null ? null : ManagerErrors.From(reason, _options, _managerVersion);
        if (Reachable.Lose() || why is not null)
            ReachableChanged?.Invoke(false, why);
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // It was woken already.
        }
        catch (ObjectDisposedException)
        {
            // Nothing is left to keep.
        }
    }
}
