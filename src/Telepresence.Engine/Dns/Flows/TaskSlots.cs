namespace Telepresence.Engine.Dns;

/// <summary>
/// A bounded number of tasks that run beside their owner, who sees the failure of any at the next call. For one caller.
/// </summary>
internal sealed class TaskSlots
{
    private readonly Task[] _slots;
    private int _next;

    public TaskSlots(int capacity)
    {
        _slots = new Task[capacity];
        Array.Fill(_slots, Task.CompletedTask);
    }

    /// <summary>Keeps a task that <paramref name="start"/> makes; does not call it when all slots are taken.</summary>
    public bool TryStart<T>(Func<T, Task> start, T argument)
    {
        // From where the last began: the oldest is the likeliest to have ended.
        for (var tries = 0; tries < _slots.Length; tries++)
        {
            var i = _next;
            _next = i + 1 == _slots.Length ? 0 : i + 1;
            if (!_slots[i].IsCompleted)
                continue;
            _slots[i].GetAwaiter().GetResult();
            _slots[i] = start(argument);
            return true;
        }
        return false;
    }

    /// <summary>Waits for a free slot.</summary>
    public async ValueTask StartAsync<T>(Func<T, Task> start, T argument)
    {
        while (!TryStart(start, argument))
            await Task.WhenAny(_slots).ConfigureAwait(false);
    }

    public Task WhenAll() => Task.WhenAll(_slots);
}
