namespace Telepresence.Engine.Manager;

/// <summary>What the flows of a session did. Read at any time, from any thread.</summary>
internal sealed class FlowCounters
{
    private long _opened;
    private long _active;
    private long _refused;
    private long _unreachable;
    private long _broken;
    private long _bytesSent;
    private long _bytesReceived;

    public long Opened => Volatile.Read(ref _opened);

    public long Active => Volatile.Read(ref _active);

    public long Refused => Volatile.Read(ref _refused);

    public long Unreachable => Volatile.Read(ref _unreachable);

    /// <summary>Flows whose tunnel could not be opened or broke.</summary>
    public long Broken => Volatile.Read(ref _broken);

    /// <summary>Payload from applications to the cluster.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    internal void Begin()
    {
        Interlocked.Increment(ref _opened);
        Interlocked.Increment(ref _active);
    }

    internal void End() => Interlocked.Decrement(ref _active);

    internal void Reject(DialOutcome outcome)
    {
        if (outcome == DialOutcome.Refused)
            Interlocked.Increment(ref _refused);
        else
            Interlocked.Increment(ref _unreachable);
    }

    internal void Break() => Interlocked.Increment(ref _broken);

    internal void Sent(int bytes) => Interlocked.Add(ref _bytesSent, bytes);

    internal void Received(int bytes) => Interlocked.Add(ref _bytesReceived, bytes);
}
