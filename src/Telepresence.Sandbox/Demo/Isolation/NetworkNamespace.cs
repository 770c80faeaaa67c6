using System.Collections.Concurrent;
using System.Runtime.Versioning;

namespace Telepresence.Sandbox.Demo.Isolation;

/// <summary>
/// A second network namespace, held by one thread: sockets opened and processes started by what runs on it belong
/// there. The kernel removes it when the thread and those sockets are gone; it has no name that could be left behind.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class NetworkNamespace : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    /// <exception cref="System.ComponentModel.Win32Exception">The kernel refused.</exception>
    public NetworkNamespace()
    {
        var entered = new TaskCompletionSource();
        _thread = new Thread(() => Serve(entered)) { IsBackground = true, Name = "network namespace" };
        _thread.Start();
        entered.Task.GetAwaiter().GetResult();
    }

    /// <summary>Runs a function inside the namespace and waits for its result.</summary>
    public T Run<T>(Func<T> function)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                result.SetResult(function());
            }
            catch (Exception e)
            {
                result.SetException(e);
            }
        });
        return result.Task.GetAwaiter().GetResult();
    }

    /// <summary>Gives the namespace up.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _work.Dispose();
    }

    private void Serve(TaskCompletionSource entered)
    {
        try
        {
            LinuxCalls.UnshareNetwork();
        }
        catch (Exception e)
        {
            entered.SetException(e);
            return;
        }
        entered.SetResult();
        foreach (var action in _work.GetConsumingEnumerable())
        {
            action();
        }
    }
}
