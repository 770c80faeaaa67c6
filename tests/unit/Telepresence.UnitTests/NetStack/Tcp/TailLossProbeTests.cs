using Telepresence.Engine.NetStack;
using Telepresence.Engine.NetStack.Tcp;

namespace Telepresence.UnitTests.NetStack.Tcp;

public class TailLossProbeTests
{
    private TailLossProbe _probe;

    [Fact]
    public void It_is_due_after_two_round_trips()
    {
        Assert.Equal(1_022_000, TailLossProbe.Deadline(1_000_000, 10_000, isSingle: false, TimerHeap.Never));
        // A single segment may be waiting for the receiver's delayed acknowledgment.
        Assert.Equal(1_220_000, TailLossProbe.Deadline(1_000_000, 10_000, isSingle: true, TimerHeap.Never));
        Assert.Equal(1_200_000, TailLossProbe.Deadline(1_000_000, 10_000, isSingle: true, 1_200_000));
    }

    [Fact]
    public void A_probe_that_repaired_a_loss_is_told()
    {
        _probe.OnSent(1000, isRetransmission: true);
        Assert.False(_probe.OnAcknowledged(1000, reportsProbe: false, isDuplicate: false));
        Assert.True(_probe.IsOut);

        Assert.True(_probe.OnAcknowledged(1500, reportsProbe: false, isDuplicate: false));
        Assert.False(_probe.IsOut);
    }

    [Fact]
    public void A_probe_that_came_twice_repaired_nothing()
    {
        _probe.OnSent(1000, isRetransmission: true);

        Assert.False(_probe.OnAcknowledged(1500, reportsProbe: true, isDuplicate: false));
        Assert.False(_probe.IsOut);
    }

    [Fact]
    public void New_data_as_a_probe_needs_no_verdict()
    {
        _probe.OnSent(1000, isRetransmission: false);

        Assert.False(_probe.OnAcknowledged(1000, reportsProbe: false, isDuplicate: false));
        Assert.False(_probe.IsOut);
    }
}
