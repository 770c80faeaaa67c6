using System.Runtime.CompilerServices;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Sessions;
using static Telepresence.Protocol.Manager.ManagerMethods;

namespace Telepresence.TrafficManager.Services;

/// <summary>What is asked of intercepts where none can be made: there are none, and none is found.</summary>
internal sealed class InterceptService(SessionTable sessions)
{
    public void AddTo(MethodTable methods)
    {
        methods.ServerStreaming(WatchIntercepts, WatchAsync<InterceptInfoSnapshot>);
        methods.ServerStreaming(WatchInterceptsDelta, WatchAsync<InterceptInfoDelta>);
        methods.Unary(GetIntercept, (request, _) => new(Get(request)));
        methods.Unary(RemoveIntercept, (request, _) => new(Remove(request)));
        methods.Unary(ReviewIntercept, (request, _) => new(Review(request)));
    }

    /// <param name="request">Without a session id: of all sessions.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private async IAsyncEnumerable<T> WatchAsync<T>(
        SessionInfo request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
        where T : class, IMessage<T>, new()
    {
        var session = request.SessionId.Length > 0 ? sessions.Get(request.SessionId) : null;
        yield return new T();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session?.Ended ?? default);
        if (session is null)
            await Task.Delay(Timeout.Infinite, ended.Token).ConfigureAwait(false);
        else
            await SessionWatch.SilenceAsync(session, ended.Token).ConfigureAwait(false);
    }

    private InterceptInfo Get(GetInterceptRequest request)
    {
        if (request.Session?.SessionId is { Length: > 0 } id)
            sessions.Get(id);
        throw NotFound(request.Name);
    }

    private Empty Remove(RemoveInterceptRequest2 request)
    {
        sessions.GetClient(request.Session?.SessionId);
        throw NotFound(request.Name);
    }

    private Empty Review(ReviewInterceptRequest request)
    {
        sessions.GetAgent(request.Session?.SessionId);
        throw NotFound(request.Id);
    }

    private static RpcException NotFound(string name) => new(StatusCode.NotFound, $"Intercept \"{name}\" not found");
}
