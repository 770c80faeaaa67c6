using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Engine.Session;

namespace Telepresence.UnitTests.Session;

public class DeadlineTests
{
    private static readonly Deadline _short = new(
        TimeSpan.FromMilliseconds(20),
        "Connect-Telepresence",
        TimeProvider.System
    );
    private static readonly Deadline _long = new(TimeSpan.FromHours(1), "Connect-Telepresence", TimeProvider.System);

    [Fact]
    public async Task Late_work_ends_with_what_it_was_waiting_for()
    {
        var error = await Assert.ThrowsAsync<TelepresenceException>(() =>
            _short.RunAsync<int>(
                "dev",
                null,
                async (steps, token) =>
                {
                    steps.Report(new ConnectStep(ConnectStage.ApiServer, "waiting for the API server https://x"));
                    await Task.Delay(Timeout.Infinite, token);
                    return 0;
                },
                CancellationToken.None
            )
        );
        Assert.Equal("Timeout", error.Id);
        Assert.Contains("waiting for the API server https://x", error.Message, StringComparison.Ordinal);
        Assert.Contains("Connect-Telepresence", error.RecommendedAction, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Giving_up_is_not_a_time_out()
    {
        using var given = new CancellationTokenSource();
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _long.RunAsync<int>(
                null,
                null,
                async (_, token) =>
                {
                    await Task.Delay(Timeout.Infinite, token);
                    return 0;
                },
                given.Token
            )
        );
    }

    [Fact]
    public async Task A_fault_becomes_a_typed_error() =>
        Assert.Equal(
            "InternalError",
            (
                await Assert.ThrowsAsync<TelepresenceException>(() =>
                    _long.RunAsync<int>(null, null, (_, _) => throw new InvalidOperationException("x"), default)
                )
            ).Id
        );
}
