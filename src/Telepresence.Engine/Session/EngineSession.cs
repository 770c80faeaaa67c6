using System.Net;
using Microsoft.Extensions.Logging;
using Telepresence.Client.Contract;
using Telepresence.Client.Errors;
using Telepresence.Client.Objects;
using Telepresence.Engine.Dns;
using Telepresence.Engine.Engagements;
using Telepresence.Engine.Manager;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Routing;
using Telepresence.Engine.Session.Configuration;
using Telepresence.Engine.Session.Planning;
using Telepresence.Engine.Session.Views;
using Telepresence.Engine.Vif;
using Telepresence.Engine.Vnat;

namespace Telepresence.Engine.Session;

/// <summary>
/// One connection of this machine to a cluster: interface, stack, routes, names, and the link that feeds them. Built
/// step by step; whatever step fails or is cancelled, the steps before are undone in reverse.
/// </summary>
internal sealed partial class EngineSession : IAsyncDisposable
{
    private readonly SessionServices _services;
    private readonly IClusterAccess _access;
    private readonly UndoSteps _undo;
    private readonly ILogger<EngineSession> _logger;
    private readonly Lock _gate = new();

    // Set by the steps of the connect, in their order.
    private NameService _nameService = null!;
    private ClientConfiguration _configuration = ClientConfiguration.Empty;
    private ClusterLink _link = null!;
    private AddressNames _names = null!;
    private ManagerClusterInfo _info = null!;
    private IReadOnlyList<IPAddress> _serverAddresses = [];
    private SessionZone _zone = null!;
    private SubnetPlan _plan = null!;
    private TranslationTable _translation = null!;
    private TapDevice _device = null!;
    private IpStack _stack = null!;
    private FlowRouter _router = null!;
    private DnsServer _dns = null!;
    private EngagementSet _engagements = null!;
    private IReadOnlyList<IPAddress> _appliedNameServers = [];

    private SessionState _state = SessionState.Connecting;
    private DateTime? _since;
    private (string Id, string Message) _lastError = ("", "");
    private bool _failed;
    private Task _ending = Task.CompletedTask;
    private Task _watchingStack = Task.CompletedTask;

    /// <param name="access">Owned from here on.</param>
    public EngineSession(SessionServices services, SessionSettings settings, string name, IClusterAccess access)
    {
        _services = services;
        _access = access;
        Settings = settings;
        Name = name;
        _logger = services.Loggers.CreateLogger<EngineSession>();
        Objects = new ClusterObjects(access.FollowObjects(services.Time, Random.Shared), services.Time);
        _undo = new UndoSteps(e => LogNotUndone(e, Name));
        _undo.Push(access.Dispose);
        _undo.Push(Objects.DisposeAsync);
    }

    public string Name { get; }

    /// <summary>A number that no other session of the engine has: which routing tables are this session's.</summary>
    public int Slot { get; set; }

    public SessionSettings Settings { get; }

    private string Namespace => Settings.Namespace ?? _access.DefaultNamespace;

    public SessionState State
    {
        get
        {
            lock (_gate)
                return _state;
        }
    }

    /// <summary>Raised after each change of <see cref="State"/> and of <see cref="Plan"/>.</summary>
    public event Action<EngineSession>? Changed;

    /// <summary>A conflict came up while connected. Says how it was resolved, or that it was not.</summary>
    public event Action<EngineSession, TelepresenceConflict>? ConflictDetected;

    /// <summary>A program opened a connection. Raised on the packet loop: handlers must return at once.</summary>
    public event Action<EngineSession, IFlow>? FlowOpened;

    /// <summary>Virtual subnets that other sessions must stay clear of.</summary>
    public IEnumerable<IPNetwork> VirtualSubnets =>
        _plan is null ? []
        : _plan.VirtualIPv6 is { } v6 ? [_plan.VirtualIPv4.Network, v6.Network]
        : [_plan.VirtualIPv4.Network];

    public SessionRoutes Routes => new(Name, _device.Index, _plan, _translation.SubnetMap(), CapturedNameServers);

    private IReadOnlyList<IPAddress> CapturedNameServers => _nameService.Plumbing.CapturedNameServers;

    public SubnetPlan Plan => _plan;

    public TranslationTable Translation => _translation;

    /// <summary>All layers of configuration that the session was connected with, merged, and what its parameters set.</summary>
    public ClientConfiguration Configuration => ParameterConfiguration.Over(_configuration, Settings, _info);

    /// <summary>client.yaml as the traffic-manager gave it.</summary>
    public string ClusterConfiguration => _link.Connection.ClientConfiguration;

    /// <summary>The connection of this moment.</summary>
    public ManagerConnection Manager => _link.Connection;

    public AddressNames Names => _names;

    public EngagementSet Engagements => _engagements;

    /// <summary>The interface, where packets can be looked at.</summary>
    public TapDevice Tap => _device;

    /// <inheritdoc cref="IClusterAccess.GetWorkloadPortsAsync"/>
    public Task<IReadOnlyList<string>> GetWorkloadPortsAsync(string workload, CancellationToken cancellationToken) =>
        _access.GetWorkloadPortsAsync(Namespace, workload, cancellationToken);

    public ClusterObjects Objects { get; }

    public DnsServer Dns => _dns;

    /// <summary>The flows of this moment.</summary>
    public (IReadOnlyList<ITcpFlow> Tcp, IReadOnlyList<IUdpFlow> Udp) Flows => _stack.Snapshot();

    /// <summary>The real address behind what a program connected to; null when it stands for nothing.</summary>
    public IPEndPoint? Resolve(IPEndPoint destination) => _router.Resolve(destination);

    /// <summary>Whose agent traffic to a real address leaves through; empty: by the normal rules.</summary>
    public string WorkloadFor(IPAddress clusterAddress) => _router.WorkloadFor(clusterAddress);

    /// <summary>Builds the session. When it throws, <see cref="DisposeAsync"/> undoes what had been built.</summary>
    /// <param name="virtualSubnetsInUse">Of the engine's other sessions.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="TelepresenceException">Any typed error.</exception>
    public async Task ConnectAsync(
        NameService names,
        IReadOnlyList<(string Session, IPNetwork Subnet)> virtualSubnetsInUse,
        IProgress<ConnectStep> progress,
        CancellationToken cancellationToken
    )
    {
        _nameService = names;
        await ReachClusterAsync(progress, cancellationToken).ConfigureAwait(false);
        MakePlan(virtualSubnetsInUse, progress);
        await EnsureAgentsAsync(progress, cancellationToken).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        MakeInterface(progress);
        AnswerNames();
        SetRoutes(progress);
        await DirectNamesAsync(progress, cancellationToken).ConfigureAwait(false);
        Follow();
        ChangeState(SessionState.Connected);
        progress.Report(new ConnectStep(ConnectStage.Connected, "connected"));
    }

    /// <summary>The session as users see it.</summary>
    public TelepresenceSession View()
    {
        lock (_gate)
        {
            return new TelepresenceSession
            {
                Name = Name,
                State = _state,
                Context = _access.Context,
                Server = _access.Server,
                Namespace = Namespace,
                MappedNamespaces = [.. Settings.MappedNamespaces],
                ManagerNamespace = _access.ManagerNamespace,
                ManagerName = _link.Connection.ManagerName,
                ManagerVersion = _link.Connection.ManagerVersion,
                InterfaceAlias = _device.Name,
                InterfaceIndex = (uint)_device.Index,
                Subnets = Texts(_plan.Proxied.Concat(_plan.Overriding)),
                TranslatedSubnets = Texts(_plan.Translated),
                ProxyVia = [.. _plan.Workloads.Select(w => $"{w.Subnet}={w.Workload}")],
                AlsoProxy = Texts(_plan.Subnets.Where(s => s.Kind == SubnetKind.Also).Select(s => s.Prefix)),
                NeverProxy = Texts(_plan.NeverProxied),
                AllowConflictingSubnet = Texts(_plan.Overriding),
                VirtualSubnet = _plan.Translated.Any() ? _plan.VirtualIPv4.Network.ToString() : "",
                Conflicts =
                [
                    .. PlanViews
                        .Conflicts(_plan, _translation.SubnetMap(), Settings)
                        .Where(c => c.Severity != ConflictSeverity.None),
                ],
                DnsMode = _nameService.Plumbing.Strategy,
                DnsServers = [.. CapturedNameServers.Select(a => a.ToString())],
                ClusterDomain = _info.ClusterDomain.TrimEnd('.'),
                Since = _since,
                LastErrorId = _lastError.Id,
                LastError = _lastError.Message,
                EngineProcessId = Environment.ProcessId,
                EngineVersion = EngineVersion.Text,
            };
        }
    }

    /// <summary>Undoes everything, last thing first: routes and names before the interface, the cluster last.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_ending.IsCompletedSuccessfully && !_undo.IsEmpty)
                _ending = EndAsync();
        }
        await _ending.ConfigureAwait(false);
    }

    private async Task EndAsync()
    {
        // Leave the caller's lock before the first step.
        await Task.Yield();
        ChangeState(SessionState.Disconnecting);
        await _undo.RunAsync().ConfigureAwait(false);
        ChangeState(_failed ? SessionState.Failed : SessionState.Disconnected);
    }

    /// <summary>A fault of the packet loops ends the session, not the engine: everything is undone, and the session says why.</summary>
    private async Task EndWhenStackFailsAsync()
    {
        try
        {
            await _stack.Completion.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever a loop died of, no flow of it moves any more.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogStackFailed(e, Name);
            lock (_gate)
            {
                _failed = true;
                _lastError = SessionErrors.Describe(e);
            }
            await DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task ReachClusterAsync(IProgress<ConnectStep> progress, CancellationToken cancellationToken)
    {
        _serverAddresses = await _access.GetServerAddressesAsync(cancellationToken).ConfigureAwait(false);
        _link = new ClusterLink(_access, ManagerOptions.Make(_services, Namespace, _access), _services.Loggers);
        _undo.Push(_link.DisposeAsync);
        _info = await _link.ConnectAsync(progress, cancellationToken).ConfigureAwait(false);
        _configuration = ManagerOptions.MergedConfiguration(_services, _access, _link.Connection);
        foreach (var warning in _configuration.Warnings)
            LogConfiguration(Name, warning);
        _zone = new SessionZone(
            Name,
            Namespace,
            Settings.MappedNamespaces,
            await _access.GetNamespacesAsync(cancellationToken).ConfigureAwait(false) ?? [],
            _configuration
        );
    }

    private void MakePlan(
        IReadOnlyList<(string Session, IPNetwork Subnet)> virtualSubnetsInUse,
        IProgress<ConnectStep> progress
    )
    {
        progress.Report(new ConnectStep(ConnectStage.Plan, "looking for conflicts with local routes"));
        _plan = SubnetPlanner.Plan(
            PlanInputs.Join(Settings, _configuration, _info, _serverAddresses, _services.Routing.Snapshot()) with
            {
                VirtualSubnetsInUse = virtualSubnetsInUse,
                Identity = PlanInputs.IdentityOf(_services.InstallId, Name),
            }
        );
        if (_plan.Refused is { } refused)
            throw SessionErrors.Conflict(refused, _plan, Settings);
        _translation = new TranslationTable(
            _plan.VirtualIPv6 is { } v6 ? [_plan.VirtualIPv4, v6] : [_plan.VirtualIPv4],
            _plan.Translated
        );
    }

    /// <summary>After the plan, which may refuse: an agent restarts its workload's pods.</summary>
    private Task EnsureAgentsAsync(IProgress<ConnectStep> progress, CancellationToken cancellationToken) =>
        Settings.Workloads is { Count: > 0 } workloads
            ? _link.EnsureAgentsAsync(
                ManagerOptions.ForAgents(workloads, ManagerOptions.Make(_services, Namespace, _access), _configuration),
                progress,
                cancellationToken
            )
            : Task.CompletedTask;

    private void MakeInterface(IProgress<ConnectStep> progress)
    {
        progress.Report(new ConnectStep(ConnectStage.Interface, "making the network interface"));
        var addresses = new List<IPAddress> { _plan.VirtualIPv4.InterfaceAddress };
        if (_plan.VirtualIPv6 is { } v6)
            addresses.Add(v6.InterfaceAddress);
        _device = new TapDevice(_services.Vifs.Create(new VifOptions { Addresses = addresses }));
        _undo.Push(_device.Dispose);
        _router = new FlowRouter(
            _nameService.Front,
            _translation,
            _link,
            _services.Time,
            _services.Loggers.CreateLogger<FlowRouter>()
        );
        _router.Opened += flow => FlowOpened?.Invoke(this, flow);
        _stack = new IpStack(_device, _router, time: _services.Time);
        // When the stack failed it is the watch itself that undoes.
        _undo.Push(() => _failed ? ValueTask.CompletedTask : new ValueTask(_watchingStack));
        _undo.Push(_stack.Dispose);
        _undo.Push(_router.DisposeAsync);
        _stack.Start();
        _watchingStack = EndWhenStackFailsAsync();
    }

    private void AnswerNames()
    {
        _names = new AddressNames(_link);
        _dns = new DnsServer(
            _zone.Options(_info, _plan, _nameService.Plumbing),
            _names,
            _translation,
            _nameService.Upstream,
            _services.Time,
            _nameService.Front.Statistics
        );
        _nameService.Front.Add(_dns);
        _undo.Push(() =>
        {
            _nameService.Front.Remove(_dns);
            _dns.Dispose();
        });
        _router.SetNameServers([_plan.VirtualIPv4.DnsAddress, .. CapturedNameServers]);
        _router.SetVirtualSubnets([.. VirtualSubnets]);
        _router.SetWorkloads(_plan.Workloads);
    }

    private async Task DirectNamesAsync(IProgress<ConnectStep> progress, CancellationToken cancellationToken)
    {
        progress.Report(new ConnectStep(ConnectStage.Dns, "directing the cluster's names here"));
        _undo.Push(() => new ValueTask(_nameService.Plumbing.ClearAsync(_device.Index, CancellationToken.None)));
        await _nameService.Plumbing.ApplyAsync(NameLink, cancellationToken).ConfigureAwait(false);
    }

    private DnsLink NameLink =>
        new(_device.Index, _plan.VirtualIPv4.DnsAddress, _dns.SearchDomains, _dns.RoutingDomains);

    private void SetRoutes(IProgress<ConnectStep> progress)
    {
        progress.Report(new ConnectStep(ConnectStage.Routes, "setting routes"));
        _undo.Push(() => _services.Routing.Clear(Slot));
        // While their routes are there: a reset whose source has no route fails the kernel's reverse path check, and the
        // application would wait for ever.
        _undo.Push(EndFlowsAsync);
        // Before the flows: a question in between goes straight to the name server instead of to nobody.
        _undo.Push(() => ApplyRoutes(_plan, []));
        ApplyRoutes(_plan, CapturedNameServers);
    }

    private async ValueTask EndFlowsAsync()
    {
        await _router.DisposeAsync().ConfigureAwait(false);
        _stack.Dispose();
    }

    private void ApplyRoutes(SubnetPlan plan, IReadOnlyList<IPAddress> capturedNameServers)
    {
        var virtualSubnets = _translation.RoutedSubnets();
        _services.Routing.Apply(
            Slot,
            new RoutePlan
            {
                InterfaceIndex = _device.Index,
                Prefixes =
                [
                    .. plan.Proxied,
                    .. virtualSubnets,
                    // The name server's address lies in the virtual subnet, which is not routed when nothing is translated.
                    .. virtualSubnets.Contains(plan.VirtualIPv4.Network)
                        ? Array.Empty<IPNetwork>()
                        : [Addressing.IPNetworkExtensions.AsNetwork(plan.VirtualIPv4.DnsAddress)],
                ],
                OverridingPrefixes = [.. plan.Overriding],
                NeverProxied = plan.NeverProxied,
                CapturedNameServers = capturedNameServers,
            }
        );
        _appliedNameServers = capturedNameServers;
    }

    private void Follow()
    {
        _since = _services.Time.GetUtcNow().UtcDateTime;
        _link.LostChanged += OnLostChanged;
        _undo.Push(() => _link.LostChanged -= OnLostChanged);
        _services.Routing.Changed += _link.Check;
        _undo.Push(() => _services.Routing.Changed -= _link.Check);
        // Names are answered with SERVFAIL then, which says nothing of why.
        _translation.Exhausted += OnTrouble;
        _undo.Push(() => _translation.Exhausted -= OnTrouble);
        var watch = new ChangeWatch(_link, _services.Routing, _nameService, Replan, OnTrouble);
        _undo.Push(watch.Dispose);
        watch.CatchUp();
        if (_zone.FollowsCluster)
            FollowNamespaces();
        HoldEngagements();
    }

    /// <summary>None is there yet. They end first: what they have on this machine lives on the session's tunnels.</summary>
    private void HoldEngagements()
    {
        _engagements = new EngagementSet(
            EngagementOptions.Make(_services, _access, _link, Name, Namespace, _configuration, _translation)
        );
        _link.Intercepts = () => _engagements.Intercepts;
        _link.SessionReplaced += _engagements.Follow;
        _undo.Push(async () =>
        {
            _link.SessionReplaced -= _engagements.Follow;
            await _engagements.DisposeAsync().ConfigureAwait(false);
        });
    }

    private void FollowNamespaces()
    {
        var ended = new CancellationTokenSource();
        var following = _access.FollowNamespacesAsync(OnNamespacesAsync, ended.Token);
        _undo.Push(async () =>
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ended.Dispose();
        });
    }

    private void OnLostChanged(bool lost, Exception? reason)
    {
        lock (_gate)
        {
            if (reason is not null)
                _lastError = SessionErrors.Describe(reason);
        }
        ChangeState(lost ? SessionState.Reconnecting : SessionState.Connected);
    }

    /// <summary>
    /// Makes the plan anew by the rules of the connect, from what cluster and machine are now, and applies the difference
    /// (one call at a time, by <see cref="ChangeWatch"/>).
    /// </summary>
    private void Replan(ManagerClusterInfo? news)
    {
        var info = news ?? _info;
        var change = PlanChange.Between(
            _plan,
            SubnetPlanner.Plan(
                PlanInputs.Join(Settings, _configuration, info, _serverAddresses, _services.Routing.Snapshot()) with
                {
                    OwnInterfaceIndex = _device.Index,
                    KeptVirtualIPv4 = _plan.VirtualIPv4,
                    KeptVirtualIPv6 = _plan.VirtualIPv6,
                }
            )
        );
        var captured = CapturedNameServers;
        if (news is null && change.IsNothing && captured.SequenceEqual(_appliedNameServers))
            return;
        _translation.Update(change.After.Translated);
        // While their routes are there, for the resets to get through.
        EndFlows(change.Abandons);
        try
        {
            ApplyRoutes(change.After, captured);
        }
        catch
        {
            // The machine is as it was, and names must go on leading where its routes do.
            _translation.Update(change.Before.Translated);
            throw;
        }
        lock (_gate)
        {
            _info = info;
            _plan = change.After;
        }
        _router.SetWorkloads(_plan.Workloads);
        _router.SetNameServers([_plan.VirtualIPv4.DnsAddress, .. captured]);
        UpdateNames();
        Report(change);
    }

    private void UpdateNames()
    {
        lock (_gate)
            _dns.Update(_zone.Options(_info, _plan, _nameService.Plumbing));
    }

    private async Task OnNamespacesAsync(IReadOnlyList<string> namespaces, CancellationToken cancellationToken)
    {
        lock (_gate)
            _zone = _zone with { ClusterNamespaces = namespaces };
        UpdateNames();
        try
        {
            await _nameService.Plumbing.ApplyAsync(NameLink, cancellationToken).ConfigureAwait(false);
        }
        catch (TelepresenceException e)
        {
            OnTrouble(e);
        }
    }

    private void Report(PlanChange change)
    {
        foreach (var subnet in change.NewConflicts)
        {
            LogConflict(Name, subnet.Conflict!, subnet.Resolution);
            if (subnet.Resolution == ConflictResolution.Refused)
            {
                lock (_gate)
                    _lastError = SessionErrors.Describe(SessionErrors.Conflict(subnet, _plan, Settings));
            }
            ConflictDetected?.Invoke(this, PlanViews.Conflict(subnet, _plan, _translation.SubnetMap(), Settings));
        }
        Changed?.Invoke(this);
    }

    /// <summary>Programs learn at once that an address does not lead there any more, instead of waiting for it.</summary>
    private void EndFlows(Func<IPAddress, bool> to)
    {
        var (tcp, udp) = Flows;
        foreach (var flow in tcp.Where(f => to(f.Endpoints.Destination.Address)))
            flow.Abort();
        foreach (var flow in udp.Where(f => to(f.Endpoints.Destination.Address)))
            flow.Close();
    }

    private void OnTrouble(Exception exception)
    {
        LogTrouble(exception, Name);
        lock (_gate)
            _lastError = SessionErrors.Describe(exception);
        Changed?.Invoke(this);
    }

    private void ChangeState(SessionState state)
    {
        lock (_gate)
        {
            // What is being undone does not come back.
            var isOver =
                _state is SessionState.Disconnecting && state is not (SessionState.Disconnected or SessionState.Failed);
            if (_state == state || isOver)
                return;
            _state = state;
        }
        LogState(Name, state);
        Changed?.Invoke(this);
    }

    private static string[] Texts(IEnumerable<IPNetwork> networks) => [.. networks.Select(n => n.ToString())];

    [LoggerMessage(Level = LogLevel.Information, Message = "Session {Name}: {State}")]
    private partial void LogState(string name, SessionState state);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Session {Name}: configuration: {Warning}")]
    private partial void LogConfiguration(string name, ConfigurationWarning warning);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Session {Name}: the packet loop failed")]
    private partial void LogStackFailed(Exception exception, string name);

    [LoggerMessage(
        Level = LogLevel.Error,
        Message = "Session {Name}: a change of cluster or machine could not be followed"
    )]
    private partial void LogTrouble(Exception exception, string name);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Session {Name}: {Conflict}; {Resolution}")]
    private partial void LogConflict(string name, RouteConflict conflict, ConflictResolution resolution);

    [LoggerMessage(Level = LogLevel.Error, Message = "Session {Name}: a step could not be undone")]
    private partial void LogNotUndone(Exception exception, string name);
}
