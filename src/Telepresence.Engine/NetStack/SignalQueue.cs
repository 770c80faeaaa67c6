namespace Telepresence.Engine.NetStack;

/// <summary>A flow that other threads have something to tell to its loop about.</summary>
internal interface ISignaled
{
    /// <summary>Owned by the queue.</summary>
    ISignaled? NextSignaled { get; set; }

    /// <summary>On the loop. May be called once for many signals.</summary>
    void OnSignaled();
}

/// <summary>
/// Hands flows from any thread to their loop: an intrusive stack, so that a signal allocates nothing. The flow itself
/// makes sure that it is pushed only once until <see cref="ISignaled.OnSignaled"/>.
/// </summary>
internal sealed class SignalQueue(Action wake)
{
    private ISignaled? _top;
    private int _sleeping;

    public void Push(ISignaled item)
    {
        ISignaled? top;
        do
        {
            top = Volatile.Read(ref _top);
            item.NextSignaled = top;
        } while (Interlocked.CompareExchange(ref _top, item, top) != top);

        Wake();
    }

    /// <summary>Ends the loop's sleep, if it sleeps.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _sleeping, 0) == 1)
        {
            wake();
        }
    }

    /// <summary>The loop wants to sleep: false when there is something to do first.</summary>
    public bool TrySleep()
    {
        // Announced before looking, so that a push is either seen here or wakes.
        Interlocked.Exchange(ref _sleeping, 1);
        if (Volatile.Read(ref _top) is null)
        {
            return true;
        }

        Awake();
        return false;
    }

    public void Awake() => Volatile.Write(ref _sleeping, 0);

    /// <summary>Calls all that were pushed, in the order they came. False when there were none.</summary>
    public bool Drain()
    {
        if (Volatile.Read(ref _top) is null)
        {
            return false;
        }

        var item = Interlocked.Exchange(ref _top, null);
        ISignaled? first = null;
        while (item is not null)
        {
            var next = item.NextSignaled;
            item.NextSignaled = first;
            first = item;
            item = next;
        }

        while (first is not null)
        {
            // Read before the call: from then on the flow may be pushed again.
            var next = first.NextSignaled;
            first.NextSignaled = null;
            first.OnSignaled();
            first = next;
        }

        return true;
    }
}
