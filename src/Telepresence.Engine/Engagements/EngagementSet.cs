using Microsoft.Extensions.Logging;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Engagements.Flows;
using Telepresence.Engine.Manager;
using Telepresence.Engine.Vnat;
using Telepresence.Protocol.Manager;

namespace Telepresence.Engine.Engagements;

/// <summary>
/// The engagements of a session, from their making to their end. What the traffic-manager tells of them is followed from the first
/// one on; a manager that has forgotten the session gets them back.
/// </summary>
internal sealed partial class EngagementSet : IAsyncDisposable
{
    /// <summary>More than a person can look after.</summary>
    private const int MostRestorations = 256;

    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(15);

    private readonly EngagementContext _context;
    private readonly EngagementCalls _calls;
    private readonly DialResponder _responder;
    private readonly RunningTasks _restoring;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _feeding = new(1);
    private readonly List<Engagement> _engagements = [];
    private EngagementFeed? _feed;
    private bool _isOver;

    public EngagementSet(EngagementContext context)
    {
        _context = context;
        _calls = new EngagementCalls(context);
        _logger = context.Loggers.CreateLogger<EngagementSet>();
        _responder = new DialResponder(context.Tunnels, Find, context.Loggers.CreateLogger<DialResponder>());
        _restoring = new RunningTasks(MostRestorations, e => LogNotRestored(e));
    }

    /// <summary>Raised after any engagement changed, came or went, on any thread.</summary>
    public event Action<TelepresenceEngagement>? Changed;

    /// <summary>What a manager that takes the session over is told.</summary>
    public IReadOnlyList<InterceptInfo> Intercepts => [.. All.Select(e => e.Info).OfType<InterceptInfo>()];

    private Engagement[] All
    {
        get
        {
            lock (_gate)
                return [.. _engagements];
        }
    }

    public IReadOnlyList<TelepresenceEngagement> Views() => [.. All.Select(engagement => engagement.View())];

    /// <summary>Makes one; whatever step fails or is cancelled, those before are undone.</summary>
    /// <exception cref="TelepresenceException">Any typed error of engagements.</exception>
    public async Task<TelepresenceEngagement> NewAsync(
        EngagementRequest request,
        IProgress<string> progress,
        CancellationToken cancellationToken
    )
    {
        var plan = await EngagementPlan.MakeAsync(request, cancellationToken).ConfigureAwait(false);
        var engagement = new Engagement(plan, _context, pod => Volatile.Read(ref _feed)?.LinkTo(pod));
        Add(engagement);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, engagement.Ended);
            engagement.Reserve();
            progress.Report($"asking the traffic-manager for {plan.Workload}");
            var feed = await FeedAsync(either.Token).ConfigureAwait(false);
            await EngageAsync(engagement, feed.Connection, progress, either.Token).ConfigureAwait(false);
            if (plan.MountsVolumes)
                progress.Report("mounting the volumes");
            await engagement.MountAsync(either.Token).ConfigureAwait(false);
            return engagement.View();
        }
        catch
        {
            await EndAsync(engagement, tellManager: true).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends one, or all; returns when nothing of it is left.</summary>
    /// <exception cref="TelepresenceException">EngagementNotFound.</exception>
    public async Task RemoveAsync(string? name)
    {
        var found = All.Where(e => name is null || string.Equals(e.Name, name, StringComparison.OrdinalIgnoreCase))
            .ToArray();
        if (name is not null && found.Length == 0)
            throw ErrorCatalogue.Error(ErrorId.EngagementNotFound, name, ("name", name));
        foreach (var engagement in found)
            await EndAsync(engagement, tellManager: true).ConfigureAwait(false);
    }

    /// <summary>The session is a new one: its manager knows nothing of what there was. Returns at once.</summary>
    public void Follow(ManagerConnection connection)
    {
        var engagements = All;
        foreach (var engagement in engagements)
            engagement.SetState(EngagementState.Reconnecting, "the traffic-manager has forgotten it");
        if (engagements.Length > 0)
            _restoring.TryRun(token => RestoreAsync(engagements, connection, token));
    }

    /// <summary>
    /// Ends all. The manager is not told of each: it ends those of a client that departs, which the session does next.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isOver)
                return;
            _isOver = true;
        }
        await _restoring.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(All.Select(engagement => EndAsync(engagement, tellManager: false))).ConfigureAwait(false);
        await _responder.DisposeAsync().ConfigureAwait(false);
        await _feeding.WaitAsync().ConfigureAwait(false);
        if (_feed is { } feed)
            await feed.DisposeAsync().ConfigureAwait(false);
        _feed = null;
        _feeding.Dispose();
    }

    private void Add(Engagement engagement)
    {
        lock (_gate)
        {
            if (_isOver)
                throw ErrorCatalogue.Error(ErrorId.SessionNotFound, _context.Session, ("session", _context.Session));
            if (_engagements.Exists(e => string.Equals(e.Name, engagement.Name, StringComparison.OrdinalIgnoreCase)))
                throw EngagementErrors.Exists(engagement.Name, _context.Session);
            _engagements.Add(engagement);
        }
        engagement.Changed += OnChanged;
    }

    /// <summary>Asks the manager, and waits until an agent serves it.</summary>
    private async Task EngageAsync(
        Engagement engagement,
        ManagerConnection connection,
        IProgress<string> progress,
        CancellationToken cancellationToken
    )
    {
        var plan = engagement.Plan;
        if (plan.Kind == EngagementKind.Ingest)
        {
            progress.Report($"waiting for a traffic-agent in {plan.Workload}");
            engagement.Serve(await _calls.IngestAsync(connection, plan, cancellationToken).ConfigureAwait(false));
            return;
        }
        var spec = await _calls.PrepareAsync(connection, plan, cancellationToken).ConfigureAwait(false);
        Expect(engagement, spec);
        progress.Report($"waiting for a traffic-agent in {plan.Workload}");
        var info = await _calls.CreateAsync(connection, plan, spec, cancellationToken).ConfigureAwait(false);
        // What the watch told meanwhile is newer.
        if (
            engagement.State is EngagementState.Waiting or EngagementState.Reconnecting
            && engagement.Info?.Id != info.Id
        )
            engagement.Update(info);
        await engagement.WaitUntilActiveAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="TelepresenceException">LocalTargetInUse.</exception>
    private void Expect(Engagement engagement, InterceptSpec spec)
    {
        var targets = InterceptSpecs.Targets(spec, engagement.Plan.Address);
        lock (_gate)
        {
            foreach (var other in _engagements.Where(e => !ReferenceEquals(e, engagement)))
            {
                if (targets.Intersect(other.Targets).FirstOrDefault() is { } taken)
                {
                    throw ErrorCatalogue.Error(
                        ErrorId.LocalTargetInUse,
                        taken.ToString(),
                        ("name", other.Name),
                        ("target", taken)
                    );
                }
            }
            engagement.Expect(spec, targets);
        }
    }

    private async Task EndAsync(Engagement engagement, bool tellManager)
    {
        lock (_gate)
        {
            if (!_engagements.Remove(engagement))
                return;
        }
        // First there, so that whoever calls meanwhile is answered by the pod again.
        if (tellManager && engagement.IsAskedFor && Volatile.Read(ref _feed) is { } feed)
            await EngagementCalls.RemoveAsync(feed.Connection, engagement.Name).ConfigureAwait(false);
        await engagement.DisposeAsync().ConfigureAwait(false);
        engagement.Changed -= OnChanged;
    }

    private async Task<EngagementFeed> FeedAsync(CancellationToken cancellationToken)
    {
        await _feeding.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var connection = _context.Connection();
            if (_feed is { } present && ReferenceEquals(present.Connection, connection))
                return present;
            var linksAgents = await _context.MayLink(cancellationToken).ConfigureAwait(false);
            if (_feed is { } earlier)
                await earlier.DisposeAsync().ConfigureAwait(false);
            var feed = new EngagementFeed(_context, connection, linksAgents, _responder, Apply, Apply, e => LogFeed(e));
            Volatile.Write(ref _feed, feed);
            return feed;
        }
        finally
        {
            _feeding.Release();
        }
    }

    private Engagement? Find(DialTarget target) => Array.Find(All, engagement => engagement.Targets.Contains(target));

    private void OnChanged(Engagement engagement)
    {
        try
        {
            Changed?.Invoke(engagement.View());
        }
        catch (VirtualSubnetExhaustedException e)
        {
            // The session tells that by itself.
            LogNotTold(e, engagement.Name);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "What the traffic-manager tells of engagements is not followed any more"
    )]
    private partial void LogFeed(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A change of engagement {Name} could not be told")]
    private partial void LogNotTold(Exception exception, string name);

    [LoggerMessage(Level = LogLevel.Error, Message = "Engagements could not be restored")]
    private partial void LogNotRestored(Exception exception);
}
