namespace Telepresence.UnitTests.NetStack;

/// <summary>The stack under test has no threads of its own: what it can answer, it has answered already.</summary>
internal static class CompletedTask
{
    public static T Now<T>(this ValueTask<T> task) => task.AsTask().Now();

    public static T Now<T>(this Task<T> task)
    {
        Assert.True(task.IsCompleted, "the task should have completed by now");
        return task.GetAwaiter().GetResult();
    }
}
