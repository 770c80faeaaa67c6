using System.Net;
using System.Threading.Channels;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Session.Views;

namespace Telepresence.Engine.Session;

/// <summary>
/// Tells one client of each connection that opens, changes state or closes. Openings are noted as they happen, the rest is
/// looked for: a state that lasted less than <see cref="_interval"/> may be passed over.
/// </summary>
internal sealed class ConnectionWatch(SessionRegistry registry, TimeProvider time)
{
    /// <summary>Openings that wait for the next look; more are counted as lost, for the packet loop must not wait.</summary>
    private const int MaximumOpened = 4096;

    /// <summary>Changes in one notification.</summary>
    private const int Batch = 256;

    private static readonly TimeSpan _interval = TimeSpan.FromMilliseconds(100);

    private readonly ConnectionTracker _tracker = new();
    private readonly Dictionary<IFlow, int> _owners = new(ReferenceEqualityComparer.Instance);
    private readonly Channel<(EngineSession, IFlow)> _opened = Channel.CreateBounded<(EngineSession, IFlow)>(
        MaximumOpened
    );
    private long _lost;
    private long _number;

    /// <summary>Returns when there is no session any more.</summary>
    /// <param name="tell">Must not block.</param>
    /// <exception cref="Client.Errors.TelepresenceException">SessionNotFound.</exception>
    public async Task RunAsync(
        ConnectionWatchParameters parameters,
        Action<ConnectionChanges> tell,
        CancellationToken cancellationToken
    )
    {
        registry.Find(parameters.Session);
        registry.FlowOpened += OnOpened;
        try
        {
            _tracker.Begin(Present(parameters.Session));
            using var timer = new PeriodicTimer(_interval, time);
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                var isOver = !Sessions(parameters.Session).Any();
                await LookAsync(parameters, tell, cancellationToken).ConfigureAwait(false);
                if (isOver)
                    return;
            }
        }
        finally
        {
            registry.FlowOpened -= OnOpened;
        }
    }

    private async Task LookAsync(
        ConnectionWatchParameters parameters,
        Action<ConnectionChanges> tell,
        CancellationToken cancellationToken
    )
    {
        var present = Present(parameters.Session);
        var opened = new List<(EngineSession, IFlow)>();
        while (_opened.Reader.TryRead(out var noted))
        {
            if (IsOf(noted.Item1, parameters.Session))
                opened.Add(noted);
        }
        var changes = _tracker.Look(present, opened);
        var lost = Interlocked.Exchange(ref _lost, 0);
        if (changes.Count == 0 && lost == 0)
            return;
        var now = time.GetUtcNow().UtcDateTime;
        NoteOwners(changes);
        var objects = new Dictionary<EngineSession, IReadOnlyDictionary<IPAddress, string>>();
        foreach (var session in changes.Select(c => c.Session).Distinct())
            objects[session] = await session.Objects.GetAsync(cancellationToken).ConfigureAwait(false);
        foreach (var some in changes.Chunk(Batch).DefaultIfEmpty([]))
        {
            var views = some.Select(c => View(c, now, objects[c.Session])).ToArray();
            tell(new ConnectionChanges(parameters.Operation, ++_number, lost, views));
            lost = 0;
        }
    }

    private TelepresenceConnectionChange View(
        FlowChange change,
        DateTime now,
        IReadOnlyDictionary<IPAddress, string> objects
    )
    {
        var view = new TelepresenceConnectionChange
        {
            Time = now,
            Change = change.Change,
            PreviousState = change.PreviousState,
        };
        ConnectionViews.Fill(view, change.Session, change.Flow, objects);
        view.State = change.State;
        view.OwningProcess = _owners.GetValueOrDefault(change.Flow);
        if (change.Change == ConnectionChange.Closed)
            _owners.Remove(change.Flow);
        return view;
    }

    /// <summary>When it closes, the socket that told the process is gone.</summary>
    private void NoteOwners(IReadOnlyList<FlowChange> changes)
    {
        var strangers = changes
            .Where(c => c.Change != ConnectionChange.Closed && !_owners.ContainsKey(c.Flow))
            .ToList();
        if (strangers.Count == 0)
            return;
        var owners = SocketOwners.Snapshot();
        foreach (var change in strangers)
            _owners[change.Flow] = ConnectionViews.OwnerOf(change.Flow, owners);
    }

    private void OnOpened(EngineSession session, IFlow flow)
    {
        if (!_opened.Writer.TryWrite((session, flow)))
            Interlocked.Increment(ref _lost);
    }

    private List<(EngineSession, IFlow)> Present(string? name)
    {
        var present = new List<(EngineSession, IFlow)>();
        foreach (var session in Sessions(name))
        {
            var (tcp, udp) = session.Flows;
            present.AddRange(tcp.Concat<IFlow>(udp).Select(flow => (session, flow)));
        }
        return present;
    }

    private IEnumerable<EngineSession> Sessions(string? name) => registry.All.Where(s => IsOf(s, name));

    private static bool IsOf(EngineSession session, string? name) =>
        name is null || string.Equals(session.Name, name, StringComparison.OrdinalIgnoreCase);
}
