namespace Telepresence.Engine.NetStack;

/// <summary>One loop's counters: written by the loop only, read by anyone.</summary>
internal sealed class StackCounters
{
    private readonly long[] _drops = new long[Enum.GetValues<DropReason>().Length];
    private long _packetsRead;
    private long _bytesRead;
    private long _packetsWritten;
    private long _bytesWritten;

    public long PacketsRead => Volatile.Read(ref _packetsRead);
    public long BytesRead => Volatile.Read(ref _bytesRead);
    public long PacketsWritten => Volatile.Read(ref _packetsWritten);
    public long BytesWritten => Volatile.Read(ref _bytesWritten);

    public long this[DropReason reason] => Volatile.Read(ref _drops[(int)reason]);

    public void Drop(DropReason reason) => _drops[(int)reason]++;

    public void Read(int length)
    {
        _packetsRead++;
        _bytesRead += length;
    }

    public void Written(int length)
    {
        _packetsWritten++;
        _bytesWritten += length;
    }
}
