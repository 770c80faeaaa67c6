using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Engagements.Forwards;
using Telepresence.Engine.Engagements.Volumes;
using Telepresence.Engine.Manager;
using Telepresence.Engine.NetStack;
using Telepresence.Protocol.Manager;
using Telepresence.Protocol.Tunnel;

namespace Telepresence.Engine.Engagements;

/// <summary>One engagement: what it is on the cluster's side, and what there is of it on this machine. Disposal undoes the latter.</summary>
internal sealed partial class Engagement : IPodCarrier, IAsyncDisposable
{
    private readonly EngagementContext _context;
    private readonly Func<IPAddress, AgentLink?> _link;
    private readonly ILogger _logger;
    private readonly FlowCounters _counters = new();
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly List<TcpForward> _tcpForwards = [];
    private readonly List<UdpForward> _udpForwards = [];
    private CancellationTokenSource? _restoration;
    private TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TcpForward? _mountForward;
    private MountPoint? _point;
    private VolumeKeeper? _volumes;
    private InterceptSpec? _spec;
    private InterceptInfo? _info;
    private PodTarget? _target;
    private EngagementState _state;
    private string _message = "";
    private string _mountError = "";
    private DateTime? _since;
    private long _connections;

    /// <param name="link">Finds the link to the agent of a pod.</param>
    public Engagement(EngagementPlan plan, EngagementContext context, Func<IPAddress, AgentLink?> link)
    {
        Plan = plan;
        _context = context;
        _link = link;
        _logger = context.Loggers.CreateLogger<Engagement>();
        Ended = _ended.Token;
    }

    public EngagementPlan Plan { get; }

    public string Name => Plan.Name;

    /// <summary>Raised after anything of <see cref="View"/> changed, on any thread.</summary>
    public event Action<Engagement>? Changed;

    /// <summary>Cancelled when it ends, and with it its connections.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Where its connections are answered.</summary>
    public IReadOnlyList<DialTarget> Targets { get; private set; } = [];

    /// <summary>As the manager last told it; null: nothing was made there.</summary>
    public InterceptInfo? Info
    {
        get
        {
            lock (_gate)
                return _info;
        }
    }

    public EngagementState State
    {
        get
        {
            lock (_gate)
                return _state;
        }
    }

    /// <summary>The manager may have it: it was asked to make it.</summary>
    public bool IsAskedFor
    {
        get
        {
            lock (_gate)
                return _spec is not null;
        }
    }

    /// <summary>A pod was found for it.</summary>
    public bool IsServed => _target is not null;

    /// <summary>It is this pod that serves it.</summary>
    public bool IsServedBy(AgentInfo agent) =>
        _target is { } target
        && agent.PodName == target.Name
        && IPAddress.TryParse(agent.PodIp, out var address)
        && address.Equals(target.Address)
        && agent.SftpPort == target.SftpPort;

    public void CountConnection() => Interlocked.Increment(ref _connections);

    /// <summary>Takes what it needs of this machine, before anything is asked of the cluster.</summary>
    /// <exception cref="TelepresenceException">LocalPortInUse, MountPointBusy, MountProgramNotFound, PlatformNotYetSupported.</exception>
    public void Reserve()
    {
        foreach (var port in Plan.ToPod)
        {
            Bind(
                port.Local,
                port.Protocol,
                "ToPod",
                () =>
                {
                    if (port.Protocol == TransportProtocol.Udp)
                        _udpForwards.Add(new UdpForward(port.Local, port.Remote, this, LogFault));
                    else
                        _tcpForwards.Add(new TcpForward(port.Local, () => port.Remote, this, LogFault));
                }
            );
        }
        if (Plan.Request.LocalMountPort is { } mountPort)
        {
            Bind(
                mountPort,
                TransportProtocol.Tcp,
                "LocalMountPort",
                () => _mountForward = new TcpForward(mountPort, () => _target?.SftpPort ?? 0, this, LogFault)
            );
        }
        if (Plan.MountsVolumes)
            ReserveMountPoint();
    }

    /// <summary>For one attempt to get it back: cancelled when another begins, and at the end. Dispose it afterwards.</summary>
    public CancellationTokenSource BeginRestoration(CancellationToken cancellationToken)
    {
        var restoration = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        var earlier = Interlocked.Exchange(ref _restoration, restoration);
        try
        {
            earlier?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It is over.
        }
        return restoration;
    }

    /// <summary>Before the intercept is created, so that its first connection finds its way.</summary>
    public void Expect(InterceptSpec spec, IReadOnlyList<DialTarget> targets)
    {
        lock (_gate)
        {
            _spec = spec;
            Targets = targets;
            if (_settled.Task.IsCompleted)
                _settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Returns when the agent has taken it up.</summary>
    /// <exception cref="TelepresenceException">EngagementNotActive, EngagementConflict.</exception>
    public async Task WaitUntilActiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _settled
                .Task.WaitAsync(_context.ActiveTimeout, _context.Time, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            string message;
            lock (_gate)
                message = _message;
            throw EngagementErrors.NotActive(
                Plan,
                _context.Namespace,
                $"nothing came within {_context.ActiveTimeout.TotalSeconds:0.#} s"
                    + (message.Length > 0 ? $", it says: {message}" : "")
            );
        }
    }

    /// <summary>What the manager says of it now.</summary>
    public void Update(InterceptInfo info)
    {
        switch (info.Disposition)
        {
            case InterceptDispositionType.Active when PodTarget.From(info) is { } target:
                lock (_gate)
                    _info = info;
                Serve(target);
                break;
            case InterceptDispositionType.Active:
            case InterceptDispositionType.Waiting:
            case InterceptDispositionType.NoAgent:
            case InterceptDispositionType.Unspecified:
                lock (_gate)
                    _info = info;
                SetState(EngagementState.Waiting, info.Message);
                break;
            default:
                Fail(
                    OtherClientError(info)
                        ?? EngagementErrors.NotActive(Plan, _context.Namespace, $"{info.Disposition}: {info.Message}")
                );
                break;
        }
    }

    /// <summary>A pod serves it: the first, or another than before.</summary>
    public void Serve(PodTarget target)
    {
        VolumeKeeper? volumes;
        bool isMoved;
        lock (_gate)
        {
            isMoved = _target is { } earlier && (earlier.Name, earlier.Address) != (target.Name, target.Address);
            _target = target;
            _since ??= _context.Time.GetUtcNow().UtcDateTime;
            volumes = _volumes;
        }
        volumes?.MoveTo(target);
        SetState(EngagementState.Active, "", isMoved);
        _settled.TrySetResult();
    }

    /// <summary>It does not work, and will not by itself.</summary>
    public void Fail(TelepresenceException reason)
    {
        SetState(EngagementState.Failed, reason.Message);
        _settled.TrySetException(reason);
        // Nobody may be waiting.
        _ = _settled.Task.Exception;
    }

    /// <param name="isChanged">Something else that users see did.</param>
    public void SetState(EngagementState state, string message, bool isChanged = false)
    {
        lock (_gate)
        {
            var isSame = _state == state && _message == message;
            (_state, _message) = (state, message);
            if (isSame && !isChanged)
                return;
        }
        LogState(Name, state, message);
        Changed?.Invoke(this);
    }

    /// <summary>Mounts the volumes that there are. Where they were not asked for by path, a failure is told and nothing more.</summary>
    /// <exception cref="TelepresenceException">MountFailed.</exception>
    public async Task MountAsync(CancellationToken cancellationToken)
    {
        if (_point is not { } point || _target is not { HasVolumes: true } target)
        {
            _point?.Dispose();
            return;
        }
        var volumes = new VolumeKeeper(
            _context.Volumes,
            point,
            target,
            Plan.IsReadOnly,
            (pod, flow, token) => CarryAsync(flow, pod, pod.SftpPort, token),
            _context.Time,
            _logger
        );
        volumes.Changed += () => Changed?.Invoke(this);
        lock (_gate)
            _volumes = volumes;
        try
        {
            await volumes.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (TelepresenceException) when (Plan.Request.MountPoint is null)
        {
            // The keeper tells, and tries again.
        }
    }

    public Task CarryAsync(ITcpFlow flow, int port, CancellationToken cancellationToken) =>
        CarryAsync(flow, _target, port, cancellationToken);

    public async Task CarryAsync(IUdpFlow flow, int port, CancellationToken cancellationToken)
    {
        if (_target is not { } target)
            return;
        using var dialer = new PodDialer(_context.Connection(), _link);
        var id = new ConnId(flow.Endpoints.Source, new IPEndPoint(target.Address, port), ProtocolType.Udp);
        await new FlowTunnel(dialer, _counters).RunAsync(flow, id, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        if (_volumes is { } volumes)
            await volumes.DisposeAsync().ConfigureAwait(false);
        _point?.Dispose();
        foreach (var forward in _tcpForwards)
            await forward.DisposeAsync().ConfigureAwait(false);
        foreach (var forward in _udpForwards)
            await forward.DisposeAsync().ConfigureAwait(false);
        if (_mountForward is { } mountForward)
            await mountForward.DisposeAsync().ConfigureAwait(false);
        SetState(EngagementState.Removed, "");
    }

    private async Task CarryAsync(ITcpFlow flow, PodTarget? target, int port, CancellationToken cancellationToken)
    {
        if (target is null)
        {
            flow.Refuse();
            return;
        }
        using var dialer = new PodDialer(_context.Connection(), _link);
        var id = new ConnId(flow.Endpoints.Source, new IPEndPoint(target.Address, port), ProtocolType.Tcp);
        await new FlowTunnel(dialer, _counters).RunAsync(flow, id, cancellationToken).ConfigureAwait(false);
    }

    private void ReserveMountPoint()
    {
        try
        {
            _context.Volumes.Require();
            _point = _context.Volumes.MakeMountPoint(Plan.Request.MountPoint);
        }
        catch (TelepresenceException e) when (Plan.Request.MountPoint is null)
        {
            // Nobody asked for volumes in so many words: everything else works.
            _mountError = e.Message;
        }
    }

    private static void Bind(int port, TransportProtocol protocol, string parameter, Action bind)
    {
        try
        {
            bind();
        }
        catch (SocketException e)
        {
            throw ErrorCatalogue.Error(
                ErrorId.LocalPortInUse,
                port,
                e,
                ("port", port),
                ("protocol", protocol.ToString().ToUpperInvariant()),
                (
                    "reason",
                    e.SocketErrorCode == SocketError.AddressAlreadyInUse ? "a program listens on it" : e.Message
                ),
                ("parameter", parameter)
            );
        }
    }

    private TelepresenceException? OtherClientError(InterceptInfo info) =>
        EngagementErrors.Refused(info.Message, Plan.Workload, _context.Namespace) is var error
        && error.Is(ErrorId.EngagementConflict)
            ? error
            : null;

    [LoggerMessage(Level = LogLevel.Information, Message = "Engagement {Name}: {State} {Message}")]
    private partial void LogState(string name, EngagementState state, string message);

    [LoggerMessage(Level = LogLevel.Error, Message = "A forward of an engagement failed")]
    private partial void LogFault(Exception exception);
}
