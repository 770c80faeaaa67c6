using Telepresence.Protocol.Grpc;
using Telepresence.TrafficManager.Sessions;

namespace Telepresence.TrafficManager.Services;

/// <summary>Calls that last no longer than the caller's session.</summary>
internal static class SessionWatch
{
    /// <exception cref="RpcException">Cancelled: the session ended meanwhile.</exception>
    public static async ValueTask<T> UnlessEndedAsync<T>(Session session, ValueTask<T> work)
    {
        try
        {
            return await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (session.Ended.IsCancellationRequested)
        {
            throw new RpcException(StatusCode.Cancelled, "The session ended");
        }
    }

    /// <summary>Ends as <see cref="UnlessEndedAsync"/> does, when <paramref name="work"/> does.</summary>
    public static async ValueTask UnlessEndedAsync(Session session, Task work) =>
        await UnlessEndedAsync(session, Awaited(work)).ConfigureAwait(false);

    /// <summary>Nothing more to tell, until the session or the call ends.</summary>
    public static ValueTask SilenceAsync(Session session, CancellationToken ended) =>
        UnlessEndedAsync(session, Task.Delay(Timeout.Infinite, ended));

    private static async ValueTask<bool> Awaited(Task work)
    {
        await work.ConfigureAwait(false);
        return true;
    }
}
