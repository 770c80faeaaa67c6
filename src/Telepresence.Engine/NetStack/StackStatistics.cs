namespace Telepresence.Engine.NetStack;

/// <summary>What went through the stack so far. Read is from the workstation, written to it; bytes are of IP packets.</summary>
internal sealed record StackStatistics(
    long PacketsRead,
    long BytesRead,
    long PacketsWritten,
    long BytesWritten,
    IReadOnlyDictionary<DropReason, long> Drops
)
{
    public static StackStatistics Sum(IEnumerable<StackCounters> loops)
    {
        var all = loops.ToArray();
        return new StackStatistics(
            all.Sum(loop => loop.PacketsRead),
            all.Sum(loop => loop.BytesRead),
            all.Sum(loop => loop.PacketsWritten),
            all.Sum(loop => loop.BytesWritten),
            Enum.GetValues<DropReason>()
                .Select(reason => (reason, count: all.Sum(loop => loop[reason])))
                .Where(pair => pair.count > 0)
                .ToDictionary(pair => pair.reason, pair => pair.count)
        );
    }
}
