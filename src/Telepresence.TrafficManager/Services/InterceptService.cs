using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Grpc;
using Telepresence.TrafficManager.Intercepts;
using Telepresence.TrafficManager.Sessions;
using static Telepresence.Protocol.Manager.ManagerMethods;

namespace Telepresence.TrafficManager.Services;

/// <summary>What is asked of intercepts, by clients and by agents (PROTOCOL §1.8, §6.1).</summary>
internal sealed class InterceptService(
    TrafficManagerOptions options,
    SessionTable sessions,
    InterceptTable intercepts,
    InterceptMaking making
)
{
    public void AddTo(MethodTable methods)
    {
        methods.Unary(PrepareIntercept, making.PrepareAsync);
        methods.Unary(CreateIntercept, making.CreateAsync);
        methods.Unary(RemoveIntercept, (request, _) => new(Remove(request)));
        methods.Unary(UpdateIntercept, (request, _) => new(Update(request)));
        methods.Unary(GetIntercept, (request, _) => new(Get(request)));
        methods.Unary(ReviewIntercept, (request, _) => new(Review(request)));
        methods.ServerStreaming(WatchIntercepts, WatchAsync);
        methods.ServerStreaming(WatchInterceptsDelta, WatchDeltaAsync);
    }

    /// <summary>What a peer is told of, and no other.</summary>
    /// <param name="session">Null: all there is.</param>
    public IReadOnlyList<Intercept> VisibleTo(Session? session) =>
        session switch
        {
            AgentSession agent => [.. intercepts.All.Where(i => i.IsOf(agent) && IsForAgents(i.Info.Disposition))],
            null => intercepts.All,
            // Releases before 2.23 tell of the further ports too.
            _ =>
            [
                .. intercepts.All.Where(i =>
                    i.Session == session.Id && (i.Parent is null || options.Release?.IsAtLeast(23) == false)
                ),
            ],
        };

    private static bool IsForAgents(InterceptDispositionType disposition) =>
        disposition
            is InterceptDispositionType.Waiting
                or InterceptDispositionType.Active
                or InterceptDispositionType.AgentError
                or InterceptDispositionType.Removed;

    private IAsyncEnumerable<InterceptInfoSnapshot> WatchAsync(SessionInfo request, CancellationToken cancellationToken)
    {
        InterceptInfoSnapshot? told = null;
        return WatchAsync(request, Encode, cancellationToken);

        InterceptInfoSnapshot? Encode(IReadOnlyList<Intercept> visible)
        {
            var snapshot = new InterceptInfoSnapshot();
            snapshot.Intercepts.AddRange(visible.Select(i => i.Info));
            if (snapshot.Equals(told))
                return null;
            return told = snapshot;
        }
    }

    private IAsyncEnumerable<InterceptInfoDelta> WatchDeltaAsync(
        SessionInfo request,
        CancellationToken cancellationToken
    ) => WatchAsync(request, InterceptDelta.Encoder(), cancellationToken);

    /// <param name="request">Without a session id: of all sessions.</param>
    /// <param name="encode">From what is visible to a message; null: nothing to tell.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private async IAsyncEnumerable<T> WatchAsync<T>(
        SessionInfo request,
        Func<IReadOnlyList<Intercept>, T?> encode,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
        where T : class
    {
        var session = request.SessionId.Length > 0 ? sessions.Get(request.SessionId) : null;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, session?.Ended ?? default);
        while (true)
        {
            var changed = intercepts.Changed;
            if (encode(VisibleTo(session)) is { } message)
                yield return message;
            var change = changed.WaitAsync(ended.Token);
            if (session is null)
                await change.ConfigureAwait(false);
            else
                await SessionWatch.UnlessEndedAsync(session, change).ConfigureAwait(false);
        }
    }

    /// <summary>With a session the name is an intercept's, without one it is the whole id.</summary>
    private InterceptInfo Get(GetInterceptRequest request)
    {
        var id = request.Name;
        if (request.Session?.SessionId is { Length: > 0 } session)
            id = Intercept.IdOf(sessions.Get(session).Id, request.Name);
        return intercepts.Find(id)?.Info ?? throw NotFound(request.Name);
    }

    private Empty Remove(RemoveInterceptRequest2 request)
    {
        var client = sessions.GetClient(request.Session?.SessionId);
        var id = Intercept.IdOf(client.Id, request.Name);
        if (intercepts.Find(id) is not { } intercept || !intercepts.Remove(id))
            throw NotFound(request.Name);
        making.Restore([intercept]);
        return new Empty();
    }

    /// <summary>What could be changed were preview domains, which nobody has any more.</summary>
    private InterceptInfo Update(UpdateInterceptRequest request)
    {
        var client = sessions.GetClient(request.Session?.SessionId);
        var intercept = intercepts.Find(Intercept.IdOf(client.Id, request.Name)) ?? throw NotFound(request.Name);
        return request.AddPreviewDomain is null
            ? intercept.Info
            : throw new RpcException(StatusCode.Unavailable, "This traffic-manager has no preview domains");
    }

    private Empty Review(ReviewInterceptRequest request)
    {
        intercepts.Review(
            sessions.GetAgent(request.Session?.SessionId),
            request,
            options.State.Current.ExcludedEnvironment.Contains
        );
        return new Empty();
    }

    private static RpcException NotFound(string name) => new(StatusCode.NotFound, $"Intercept \"{name}\" not found");
}
