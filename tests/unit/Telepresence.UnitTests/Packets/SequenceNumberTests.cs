using FsCheck;
using FsCheck.Fluent;
using Telepresence.Engine.Packets;

namespace Telepresence.UnitTests.Packets;

public class SequenceNumberTests
{
    [Fact]
    public void Order_survives_the_wrap() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<uint>(),
                ArbMap.Default.ArbFor<int>(),
                (start, distance) =>
                {
                    var first = new SequenceNumber(start);
                    var second = first + distance;
                    return second.DistanceFrom(first) == distance && second.IsAfter(first) == distance > 0;
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Unwraps_to_the_nearest_position() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<uint>(),
                ArbMap.Default.ArbFor<int>(),
                (origin, distance) =>
                {
                    const long known = 123_456_789_012;
                    var number = new SequenceNumber(origin + unchecked((uint)known));
                    return (number + distance).Unwrap(number, known) == known + distance;
                }
            )
            .QuickCheckThrowOnFailure();
}
