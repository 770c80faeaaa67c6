using Telepresence.PowerShell;

namespace Telepresence.UnitTests.PowerShell;

public class PipelinePumpTests
{
    [Fact]
    public void Actions_run_in_order_on_the_callers_thread()
    {
        using var pump = new PipelinePump();
        using var cancel = new CancellationTokenSource();
        var caller = Environment.CurrentManagedThreadId;
        var seen = new List<int>();

        var fault = pump.Run(
            async () =>
            {
                for (var i = 0; i < 1_000; i++)
                {
                    await Task.Yield();
                    var n = i;
                    pump.Post(() => seen.Add(Environment.CurrentManagedThreadId == caller ? n : -1));
                }
            },
            cancel
        );

        Assert.Null(fault);
        Assert.Equal(Enumerable.Range(0, 1_000), seen);
    }

    [Fact]
    public void The_works_fault_comes_back()
    {
        using var pump = new PipelinePump();
        using var cancel = new CancellationTokenSource();

        var fault = pump.Run(() => throw new InvalidOperationException("x"), cancel);

        Assert.IsType<InvalidOperationException>(fault);
    }

    [Fact]
    public void A_pipeline_that_ends_early_cancels_the_work_and_waits_for_it()
    {
        using var pump = new PipelinePump();
        using var cancel = new CancellationTokenSource();
        var undone = false;

        Assert.Throws<TimeoutException>(() =>
            pump.Run(
                async () =>
                {
                    pump.Post(() => throw new TimeoutException("the pipeline ended"));
                    try
                    {
                        await Task.Delay(Timeout.Infinite, cancel.Token);
                    }
                    finally
                    {
                        undone = true;
                    }
                },
                cancel
            )
        );

        Assert.True(undone);
    }
}
