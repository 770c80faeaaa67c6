using Telepresence.Engine.NetStack.Tcp;

namespace Telepresence.UnitTests.NetStack.Tcp;

public class HyStartTests
{
    private HyStart _start = Create();
    private long _position;

    [Fact]
    public void Steady_round_trips_leave_slow_start_alone()
    {
        for (var round = 0; round < 20; round++)
        {
            Assert.False(Round(50_000));
        }

        Assert.Equal(1000, _start.Growth(1000));
    }

    [Fact]
    public void Longer_round_trips_slow_down_and_then_end_it()
    {
        Round(50_000);
        Round(50_000);
        Assert.False(Round(60_000));
        Assert.Equal(250, _start.Growth(1000));
        var rounds = 1;
        while (!Round(60_000))
        {
            rounds++;
        }

        Assert.Equal(5, rounds);
    }

    [Fact]
    public void What_was_jitter_lets_slow_start_go_on()
    {
        Round(50_000);
        Round(50_000);
        Round(60_000);
        Round(50_000);

        Assert.Equal(1000, _start.Growth(1000));
    }

    [Fact]
    public void Short_paths_are_allowed_four_milliseconds()
    {
        Round(1_000);
        Round(1_000);
        Round(4_900);
        Assert.Equal(1000, _start.Growth(1000));
        Round(8_901);

        Assert.Equal(250, _start.Growth(1000));
    }

    private static HyStart Create()
    {
        var start = new HyStart();
        start.Reset();
        return start;
    }

    /// <summary>A round of ten samples.</summary>
    private bool Round(long roundTrip)
    {
        var isOver = false;
        var next = _position + 10;
        while (_position < next)
        {
            isOver |= _start.IsOver(_position, next, roundTrip);
            _position++;
        }

        return isOver;
    }
}
