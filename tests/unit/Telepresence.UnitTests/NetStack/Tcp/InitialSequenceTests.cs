using Telepresence.Engine.NetStack;
using Telepresence.Engine.NetStack.Tcp;

namespace Telepresence.UnitTests.NetStack.Tcp;

public class InitialSequenceTests
{
    private readonly InitialSequence _initial = new([1, 2, 3]);

    [Fact]
    public void Every_connection_begins_elsewhere()
    {
        var seen = Enumerable.Range(1, 1000).Select(port => _initial.For(Key(port), 0)).ToArray();

        Assert.Equal(1000, seen.Select(pair => pair.Sequence).Distinct().Count());
        Assert.Equal(1000, seen.Select(pair => pair.TimestampOffset).Distinct().Count());
        Assert.NotEqual(seen[0], new InitialSequence([1, 2, 4]).For(Key(1), 0));
    }

    [Fact]
    public void It_moves_on_by_250_000_a_second()
    {
        var (first, offset) = _initial.For(Key(1), 0);
        var (second, sameOffset) = _initial.For(Key(1), 1_000_000);

        Assert.Equal(250_000, second.DistanceFrom(first));
        Assert.Equal(offset, sameOffset);
    }

    private static FlowKey Key(int port) =>
        new(StackFixture.Address("10.0.0.1"), StackFixture.Address("10.96.0.5"), (ushort)port, 80);
}
