using System.Threading.Tasks.Sources;

namespace Telepresence.Engine.NetStack;

/// <summary>
/// An auto-reset event that one task awaits without allocating. Any thread may set it; a set while nobody waits is
/// remembered once.
/// </summary>
internal sealed class AsyncSignal : IValueTaskSource
{
    private const int Idle = 0;
    private const int Set = 1;
    private const int Waiting = 2;

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _token;
    private int _state;

    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.CompareExchange(ref _state, Idle, Set) == Set)
        {
            return ValueTask.CompletedTask;
        }

        _core.Reset();
        var task = new ValueTask(this, _core.Version);
        _token = cancellationToken;
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Set)
        {
            Volatile.Write(ref _state, Idle);
            _core.SetResult(true);
            return task;
        }

        // Registered only now: a token that is cancelled meanwhile finds the state it expects.
        _registration = cancellationToken.UnsafeRegister(static state => ((AsyncSignal)state!).Cancel(), this);
        return task;
    }

    public void Signal()
    {
        if (
            Interlocked.CompareExchange(ref _state, Set, Idle) == Waiting
            && Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting
        )
        {
            _core.SetResult(true);
        }
    }

    void IValueTaskSource.GetResult(short token)
    {
        _registration.Dispose();
        _registration = default;
        _core.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _core.OnCompleted(continuation, state, token, flags);

    private void Cancel()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
        {
            _core.SetException(new OperationCanceledException(_token));
        }
    }
}
