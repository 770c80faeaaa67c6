using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Google.Protobuf.WellKnownTypes;
using Telepresence.Protocol.Grpc;
using Telepresence.Protocol.Manager;
using Telepresence.TrafficManager.Grpc;

namespace Telepresence.UnitTests.Manager;

/// <summary>A manager that lists the agents a test has, and answers EnsureAgent as the test says.</summary>
internal sealed class FakeManager : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private AgentPodInfo[] _listed = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _sessions;

    public GrpcListener Listener { get; private set; } = null!;

    /// <summary>Requests of EnsureAgent, oldest first.</summary>
    public ConcurrentQueue<EnsureAgentRequest> Ensured { get; } = [];

    public Func<EnsureAgentRequest, CancellationToken, Task> OnEnsure { get; set; } = (_, _) => Task.CompletedTask;

    /// <param name="listsPods">False: WatchAgentPods is Unimplemented.</param>
    public static async Task<FakeManager> StartAsync(bool listsPods = true)
    {
        var manager = new FakeManager();
        var methods = new MethodTable();
        methods.Unary(
            ManagerMethods.Version,
            (_, _) => ValueTask.FromResult(new VersionInfo2 { Name = "fake", Version = "v2.25.0" })
        );
        methods.Unary(
            ManagerMethods.ArriveAsClient,
            (_, _) =>
                ValueTask.FromResult(
                    new SessionInfo { SessionId = $"session-{Interlocked.Increment(ref manager._sessions)}" }
                )
        );
        methods.Unary(ManagerMethods.GetClientConfig, (_, _) => ValueTask.FromResult(new CLIConfig()));
        methods.Unary(ManagerMethods.Depart, (_, _) => ValueTask.FromResult(new Empty()));
        methods.Unary(
            ManagerMethods.EnsureAgent,
            async (request, token) =>
            {
                manager.Ensured.Enqueue(request);
                await manager.OnEnsure(request, token);
                return new AgentInfoSnapshot();
            }
        );
        if (listsPods)
            methods.ServerStreaming(ManagerMethods.WatchAgentPods, manager.WatchAsync);
        manager.Listener = await GrpcListener.StartAsync(methods);
        return manager;
    }

    /// <summary>The agents from now on.</summary>
    public void List(params AgentPodInfo[] agents)
    {
        lock (_gate)
        {
            _listed = agents;
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public ValueTask DisposeAsync() => Listener.DisposeAsync();

    private async IAsyncEnumerable<AgentPodInfoSnapshot> WatchAsync(
        SessionInfo session,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        while (true)
        {
            Task changed;
            var snapshot = new AgentPodInfoSnapshot();
            lock (_gate)
            {
                snapshot.Agents.Add(_listed);
                changed = _changed.Task;
            }
            yield return snapshot;
            await changed.WaitAsync(cancellationToken);
        }
    }
}
