using Telepresence.Engine.NetStack.Tcp;

namespace Telepresence.UnitTests.NetStack.Tcp;

public class RttEstimatorTests
{
    private readonly RttEstimator _estimator = new();

    [Fact]
    public void It_is_a_second_before_the_first_sample() => Assert.Equal(1_000_000, _estimator.Timeout);

    [Fact]
    public void The_first_sample_sets_both_variables()
    {
        _estimator.Sample(400_000);

        // RFC 6298 §2.2: SRTT + 4 × R/2.
        Assert.Equal((400_000, 1_200_000), (_estimator.Smoothed, _estimator.Timeout));
    }

    [Fact]
    public void Later_samples_are_weighed()
    {
        _estimator.Sample(400_000);
        _estimator.Sample(800_000);

        // RFC 6298 §2.3: RTTVAR = 3/4 × 200 + 1/4 × 400 = 250 ms, SRTT = 7/8 × 400 + 1/8 × 800 = 450 ms.
        Assert.Equal((450_000, 1_450_000), (_estimator.Smoothed, _estimator.Timeout));
    }

    [Fact]
    public void Short_paths_have_a_floor()
    {
        for (var i = 0; i < 50; i++)
        {
            _estimator.Sample(100);
        }

        Assert.Equal(200_000, _estimator.Timeout);
    }

    [Fact]
    public void Each_time_out_doubles_it_up_to_a_minute()
    {
        _estimator.BackOff();
        Assert.Equal(2_000_000, _estimator.Timeout);
        for (var i = 0; i < 20; i++)
        {
            _estimator.BackOff();
        }

        Assert.Equal(60_000_000, _estimator.Timeout);
        _estimator.ResetBackOff();
        Assert.Equal(1_000_000, _estimator.Timeout);
    }
}
