using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Session;

/// <summary>The sessions of one engine. Connects and disconnects go one after another; looking is free.</summary>
internal sealed class SessionRegistry(SessionServices services) : IAsyncDisposable
{
    /// <summary>Each session has routing tables and rules of its own; more than a person can use.</summary>
    public const int MaximumSessions = 8;

    private readonly SemaphoreSlim _changing = new(1);
    private readonly CancellationTokenSource _ending = new();
    private EngineSession[] _sessions = [];
    private NameService? _names;

    /// <summary>Raised after any session's state or plan changed, and when it came or went; on any thread.</summary>
    public event Action<EngineSession>? Changed;

    /// <summary>Raised when a conflict came up in a session that is connected; on any thread.</summary>
    public event Action<EngineSession, TelepresenceConflict>? ConflictDetected;

    /// <summary>Raised when a program opened a connection, on the packet loop: handlers must return at once.</summary>
    public event Action<EngineSession, IFlow>? FlowOpened;

    /// <summary>Raised when an engagement of any session changed, came or went; on any thread.</summary>
    public event Action<TelepresenceEngagement>? EngagementChanged;

    /// <summary>The sessions of this moment.</summary>
    public IReadOnlyList<EngineSession> All => Volatile.Read(ref _sessions);

    /// <summary>The name server that all sessions share; null without a session.</summary>
    public NameService? NameServer => Volatile.Read(ref _names);

    /// <summary>One session, or all when <paramref name="name"/> is null.</summary>
    /// <exception cref="TelepresenceException">SessionNotFound.</exception>
    public IReadOnlyList<EngineSession> Find(string? name)
    {
        if (name is null)
            return All;
        var found = All.Where(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase)).ToArray();
        return found.Length > 0 ? found : throw NotFound(name);
    }

    /// <summary>One session; without a name the only one.</summary>
    /// <exception cref="TelepresenceException">SessionNotFound, SessionAmbiguous.</exception>
    public EngineSession FindOne(string? name)
    {
        var found = Find(name);
        return found.Count switch
        {
            1 => found[0],
            0 => throw NotFound("*"),
            _ => throw ErrorCatalogue.Error(
                ErrorId.SessionAmbiguous,
                null,
                ("sessions", string.Join(", ", found.Select(s => s.Name)))
            ),
        };
    }

    /// <summary>Connects, or returns the session that has these settings already.</summary>
    /// <exception cref="TelepresenceException">SessionExistsWithOtherSettings, Timeout, and all that a connect meets.</exception>
    public async Task<EngineSession> ConnectAsync(
        SessionSettings settings,
        IProgress<ConnectStep> progress,
        CancellationToken cancellationToken
    )
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        var current = services.WithConfiguration(settings.Cluster);
        return await settings
            .DeadlineFor("Connect-Telepresence", current)
            .RunAsync(
                settings.Name,
                progress,
                async (steps, token) =>
                {
                    var turn = _changing.WaitAsync(token);
                    if (!turn.IsCompleted)
                        steps.Report(new ConnectStep(ConnectStage.Credentials, "waiting for another connect to end"));
                    await turn.ConfigureAwait(false);
                    try
                    {
                        return await ConnectAloneAsync(current, settings, steps, token).ConfigureAwait(false);
                    }
                    finally
                    {
                        _changing.Release();
                    }
                },
                either.Token
            )
            .ConfigureAwait(false);
    }

    /// <summary>Ends a session, or all; returns when nothing of them is left.</summary>
    /// <exception cref="TelepresenceException">SessionNotFound.</exception>
    public async Task DisconnectAsync(string? name, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var session in Find(name))
                await EndAsync(session).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Gives up a connect that is under way, and ends all sessions.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await DisconnectAsync(null, CancellationToken.None).ConfigureAwait(false);
        _changing.Dispose();
        _ending.Dispose();
    }

    private async Task<EngineSession> ConnectAloneAsync(
        SessionServices current,
        SessionSettings settings,
        IProgress<ConnectStep> progress,
        CancellationToken cancellationToken
    )
    {
        progress.Report(new ConnectStep(ConnectStage.Credentials, "reading the kubeconfig"));
        var access = current.OpenCluster(settings, current.LocalConfiguration);
        var name = NameOf(settings, access);
        if (All.FirstOrDefault(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase)) is { } existing)
        {
            access.Dispose();
            return Same(existing, settings);
        }
        var session = await BuildAsync(current, settings, name, access, progress, cancellationToken)
            .ConfigureAwait(false);
        session.Changed += OnChanged;
        session.ConflictDetected += OnConflictDetected;
        session.FlowOpened += OnFlowOpened;
        session.Engagements.Changed += OnEngagementChanged;
        Volatile.Write(ref _sessions, [.. _sessions, session]);
        Changed?.Invoke(session);
        return session;
    }

    private async Task<EngineSession> BuildAsync(
        SessionServices current,
        SessionSettings settings,
        string name,
        IClusterAccess access,
        IProgress<ConnectStep> progress,
        CancellationToken cancellationToken
    )
    {
        var session = new EngineSession(current, settings, name, access);
        try
        {
            session.Slot = FreeSlot();
            Volatile.Write(
                ref _names,
                _names ?? await NameService.StartAsync(services, cancellationToken).ConfigureAwait(false)
            );
            await session
                .ConnectAsync(
                    _names,
                    [.. All.SelectMany(s => s.VirtualSubnets.Select(subnet => (s.Name, subnet)))],
                    progress,
                    cancellationToken
                )
                .ConfigureAwait(false);
            return session;
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            DropNamesIfIdle();
            throw;
        }
    }

    private async Task EndAsync(EngineSession session)
    {
        await session.DisposeAsync().ConfigureAwait(false);
        Volatile.Write(ref _sessions, [.. _sessions.Where(s => !ReferenceEquals(s, session))]);
        session.Changed -= OnChanged;
        session.ConflictDetected -= OnConflictDetected;
        session.FlowOpened -= OnFlowOpened;
        session.Engagements.Changed -= OnEngagementChanged;
        DropNamesIfIdle();
        Changed?.Invoke(session);
    }

    /// <summary>The next first session looks at the machine's DNS anew.</summary>
    private void DropNamesIfIdle()
    {
        if (All.Count == 0)
            Interlocked.Exchange(ref _names, null)?.Dispose();
    }

    private void OnChanged(EngineSession session) => Changed?.Invoke(session);

    private void OnConflictDetected(EngineSession session, TelepresenceConflict conflict) =>
        ConflictDetected?.Invoke(session, conflict);

    private void OnFlowOpened(EngineSession session, IFlow flow) => FlowOpened?.Invoke(session, flow);

    private void OnEngagementChanged(TelepresenceEngagement engagement) => EngagementChanged?.Invoke(engagement);

    private int FreeSlot()
    {
        var slot = Enumerable.Range(0, MaximumSessions).FirstOrDefault(i => !All.Any(s => s.Slot == i), -1);
        return slot >= 0
            ? slot
            : throw ErrorCatalogue.InvalidParameter(
                "Connect-Telepresence",
                "Name",
                "a new session",
                $"there are {MaximumSessions} sessions already"
            );
    }

    private static EngineSession Same(EngineSession existing, SessionSettings settings)
    {
        var differences = SessionSettings.Differences(existing.Settings, settings);
        return differences.Count == 0
            ? existing
            : throw ErrorCatalogue.Error(
                ErrorId.SessionExistsWithOtherSettings,
                existing.Name,
                ("session", existing.Name),
                ("differences", string.Join(", ", differences))
            );
    }

    /// <summary>What upstream calls a connection: context and namespace.</summary>
    public static string NameOf(SessionSettings settings, IClusterAccess access)
    {
        if (settings.Name is { Length: > 0 } given)
            return given;
        var space = settings.Namespace ?? access.DefaultNamespace;
        return access.Context.Length > 0 ? $"{access.Context}-{space}" : space;
    }

    private static TelepresenceException NotFound(string name) =>
        ErrorCatalogue.Error(ErrorId.SessionNotFound, name, ("session", name));
}
