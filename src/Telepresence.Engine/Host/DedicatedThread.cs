using System.Runtime.ExceptionServices;

namespace Telepresence.Engine.Host;

/// <summary>Runs something on a thread of its own, which ends with it: what it changed about the thread is gone then.</summary>
internal static class DedicatedThread
{
    /// <returns>What <paramref name="function"/> returns; its exception comes through.</returns>
    public static T Run<T>(string name, Func<T> function)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                result = function();
            }
#pragma warning disable CA1031 // Thrown again on the caller's thread.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        })
        {
            Name = name,
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
