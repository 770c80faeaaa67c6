using Telepresence.Engine.NetStack.Tcp;

namespace Telepresence.UnitTests.NetStack.Tcp;

public class CubicTests
{
    private const int Size = 1000;
    private const int Maximum = 4_000_000;
    private const long RoundTrip = 100_000;
    private readonly Cubic _cubic = new(Size, Maximum);
    private long _now;
    private long _position;

    [Fact]
    public void It_begins_with_ten_segments_and_doubles_every_round()
    {
        Assert.Equal(10 * Size, _cubic.Window);
        Round();
        Assert.Equal(20 * Size, _cubic.Window);
    }

    [Fact]
    public void It_grows_only_where_the_window_limits()
    {
        Round(isLimited: false);

        Assert.Equal(10 * Size, _cubic.Window);
    }

    [Fact]
    public void Loss_leaves_seven_tenths()
    {
        Grow(100 * Size);
        var window = _cubic.Window;
        _cubic.OnLoss(window);

        Assert.Equal(window * 0.7, _cubic.Window, 1.0);
    }

    [Fact]
    public void It_comes_back_to_the_old_window_after_the_time_of_the_cubic_function()
    {
        Grow(400 * Size);
        var window = _cubic.Window;
        _cubic.OnLoss(window);
        // K of RFC 9438 §4.2: the cube root of (W_max − cwnd) / C, in segments.
        var rounds = Math.Cbrt(window * 0.3 / Size / 0.4) * 1_000_000 / RoundTrip;
        for (var round = 0; round < (int)rounds; round++)
        {
            Assert.True(_cubic.Window <= window, $"round {round} of {rounds}");
            Round();
        }

        Assert.InRange(_cubic.Window, window * 0.97, window * 1.03);
    }

    [Fact]
    public void A_small_window_grows_as_renos()
    {
        _cubic.OnLoss(10 * Size);
        var window = _cubic.Window;
        for (var round = 0; round < 5; round++)
        {
            Round();
        }

        // α of RFC 9438 §4.3, 0.53 segments a round.
        Assert.InRange(_cubic.Window - window, 2.2 * Size, 3.2 * Size);
    }

    [Fact]
    public void A_second_loss_below_the_old_maximum_gives_way()
    {
        Grow(400 * Size);
        _cubic.OnLoss(_cubic.Window);
        Round();
        var window = _cubic.Window;
        _cubic.OnLoss(window);
        for (var round = 0; round < 200; round++)
        {
            Round();
            if (_cubic.Window > window * 0.83)
            {
                break;
            }
        }

        // Fast convergence: the plateau is at 0.85 × the window, not at it.
        var before = _cubic.Window;
        Round();
        Assert.InRange(_cubic.Window - before, 0, 0.02 * window);
    }

    [Fact]
    public void A_time_out_begins_with_one_segment_and_lowers_the_threshold_once()
    {
        Grow(100 * Size);
        var window = _cubic.Window;
        _cubic.OnTimeout(window, isFirst: true);
        Assert.Equal(Size, _cubic.Window);
        _cubic.OnTimeout(window, isFirst: false);
        Assert.Equal(Size, _cubic.Window);
        for (var round = 0; round < 8; round++)
        {
            Round();
        }

        // Slow start up to seven tenths of what was.
        Assert.InRange(_cubic.Window, 0.6 * window, 0.75 * window);
    }

    [Fact]
    public void Undo_brings_back_what_was()
    {
        Grow(100 * Size);
        var window = _cubic.Window;
        _cubic.OnTimeout(window, isFirst: true);
        _cubic.Undo();
        Assert.Equal(window, _cubic.Window);

        Round();
        Assert.Equal(2 * window, _cubic.Window);
    }

    [Fact]
    public void Idle_time_leaves_the_initial_window()
    {
        Grow(100 * Size);
        _cubic.OnIdle();

        Assert.Equal(10 * Size, _cubic.Window);
    }

    private void Grow(int window)
    {
        while (_cubic.Window < window)
        {
            Round();
        }
    }

    private void Round(bool isLimited = true)
    {
        var window = _cubic.Window;
        _now += RoundTrip;
        for (var bytes = 0; bytes < window; bytes += Size)
        {
            var count = Math.Min(Size, window - bytes);
            _position += count;
            _cubic.OnAcknowledged(new(count, _now, RoundTrip, RoundTrip, _position, _position + window, isLimited));
        }
    }
}
