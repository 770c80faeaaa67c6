using Telepresence.Engine.NetStack.Tcp;

namespace Telepresence.UnitTests.NetStack.Tcp;

public class ProportionalRateReductionTests
{
    private const int Size = 1000;

    [Fact]
    public void The_first_segment_goes_out_at_once()
    {
        var reduction = Begin(flight: 20);
        reduction.OnAcknowledged(Size, 16 * Size, Size, progresses: false);

        Assert.Equal(17 * Size, reduction.Window);
    }

    [Fact]
    public void A_flight_of_one_loss_ends_at_the_threshold_without_a_pause()
    {
        var reduction = Begin(flight: 20);
        long inFlight = 19 * Size;
        var longestPause = 0;
        var pause = 0;
        for (var acknowledgment = 0; acknowledgment < 19; acknowledgment++)
        {
            inFlight -= Size;
            reduction.OnAcknowledged(Size, inFlight, Size, progresses: false);
            pause++;
            while (reduction.Window - inFlight >= Size)
            {
                inFlight += Size;
                reduction.OnSent(Size);
                reduction.OnAcknowledged(0, inFlight, Size, progresses: false);
                pause = 0;
            }

            longestPause = Math.Max(longestPause, pause);
        }

        Assert.InRange(inFlight, 13 * Size, 14 * Size);
        Assert.InRange(longestPause, 1, 2);
    }

    [Fact]
    public void Below_the_threshold_it_grows_by_a_segment_more_than_arrives()
    {
        var reduction = Begin(flight: 20);
        reduction.OnAcknowledged(Size, 4 * Size, Size, progresses: true);
        Assert.Equal(6 * Size, reduction.Window);
        reduction.OnSent(2 * Size);
        reduction.OnAcknowledged(Size, 5 * Size, Size, progresses: false);

        Assert.Equal(6 * Size, reduction.Window);
    }

    [Fact]
    public void With_nothing_on_its_way_a_segment_goes_out_whatever_was_sent()
    {
        var reduction = Begin(flight: 20);
        reduction.OnAcknowledged(Size, 16 * Size, Size, progresses: false);
        reduction.OnSent(5 * Size);
        reduction.OnAcknowledged(0, 0, Size, progresses: false);

        Assert.Equal(Size, reduction.Window);
    }

    private static ProportionalRateReduction Begin(int flight)
    {
        var reduction = new ProportionalRateReduction();
        reduction.Begin(flight * Size, (long)(0.7 * flight * Size));
        return reduction;
    }
}
