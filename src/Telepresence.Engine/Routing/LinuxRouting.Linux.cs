using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;
using Telepresence.Client.Errors;
using Telepresence.Engine.Netlink;

namespace Telepresence.Engine.Routing;

/// <summary>
/// Routing by netlink. What is wanted is compiled from all plans, what is there is read from the kernel, and only the
/// difference is changed: also when somebody else removed a part of it.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed partial class LinuxRouting : IRouting
{
    private const int SOL_SOCKET = 1;
    private const int SO_MARK = 36;

    private readonly NetlinkSocket _socket = new();
    private readonly BlockLock _blockLock = new();
    private readonly RoutingTables _tables;
    private readonly RoutingMonitor _monitor;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, RoutePlan> _plans = [];

    // Copied on write: the monitor's thread reads it without the lock.
    private volatile HashSet<int> _interfaces = [];
    private bool _disposed;

    /// <summary>Everything happens in the network namespace of the thread that calls this.</summary>
    public LinuxRouting(ILogger<LinuxRouting> logger)
    {
        _logger = logger;
        _tables = new RoutingTables(_socket);
        _monitor = new RoutingMonitor(_socket.PortId, i => _interfaces.Contains(i), OnForeignChange, logger);
    }

    public event Action? Changed;

    public RoutingSnapshot Snapshot() => Typed(_tables.Snapshot);

    public RouteLookup Lookup(RouteQuery query) => _tables.Lookup(query);

    public void Apply(int sessionSlot, RoutePlan plan)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var before = _plans.GetValueOrDefault(sessionSlot);
            _plans[sessionSlot] = plan;
            _interfaces = [.. _interfaces, plan.InterfaceIndex];
            try
            {
                Typed(() => Synchronize(Block()));
            }
            catch
            {
                SetPlan(sessionSlot, before);
                throw;
            }
        }
    }

    public void Clear(int sessionSlot)
    {
        lock (_lock)
        {
            if (_disposed || !_plans.Remove(sessionSlot, out _))
            {
                return;
            }
            Typed(() => Synchronize(Block()));
            _interfaces = [.. _plans.Values.Select(p => p.InterfaceIndex)];
        }
    }

    public IReadOnlyList<string> Repair()
    {
        lock (_lock)
        {
            return Typed<IReadOnlyList<string>>(() =>
            {
                var rules = _tables.Rules();
                var routes = _tables.Snapshot().Routes;
                var undone = new List<string>();
                foreach (var block in RoutingBlock.All.Where(b => !_blockLock.IsAlive(b)))
                {
                    undone.AddRange(
                        rules
                            .Where(block.Owns)
                            .Reverse()
                            .Where(_tables.Remove)
                            .Select(rule => $"removed the {Family(rule)} rule \"{rule}\" of an engine that died")
                    );
                    undone.AddRange(
                        routes
                            .Where(r => r.IsOurs && block.Owns(r))
                            .Select(Own)
                            .Where(_tables.Remove)
                            .Select(route => $"removed the route \"{route}\" of an engine that died")
                    );
                }
                return undone;
            });
        }
    }

    public void ExemptFromCapture(Socket socket)
    {
        RoutingBlock block;
        lock (_lock)
        {
            block = Block();
        }
        try
        {
            socket.SetRawSocketOption(SOL_SOCKET, SO_MARK, BitConverter.GetBytes(block.Mark));
        }
        catch (SocketException e)
        {
            throw Failed($"a socket cannot be marked ({e.Message})", e);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }
            try
            {
                _plans.Clear();
                if (_blockLock.Taken is { } block)
                {
                    Synchronize(block);
                }
            }
            catch (NetlinkException e)
            {
                // What stays is inert, and the next start removes it.
                Log.NotCleared(_logger, e.Message);
            }
            _disposed = true;
        }
        _monitor.Dispose();
        _blockLock.Dispose();
        _socket.Dispose();
    }

    private RoutingBlock Block() =>
        _blockLock.Taken
        ?? _blockLock.TryTake()
        ?? throw Failed($"{RoutingBlock.Count} engines run on this machine already", null);

    private void SetPlan(int sessionSlot, RoutePlan? plan)
    {
        if (plan is null)
        {
            _plans.Remove(sessionSlot);
        }
        else
        {
            _plans[sessionSlot] = plan;
        }
    }

    /// <summary>Changes what differs; takes back what it did when one step fails.</summary>
    private void Synchronize(RoutingBlock block)
    {
        var snapshot = _tables.Snapshot();
        var interfaces = _interfaces;
        var routes = snapshot
            .Routes.Where(r =>
                r.IsOurs
                && (block.Owns(r) || (r.Table == DesiredRouting.MainTable && interfaces.Contains(r.InterfaceIndex)))
            )
            .Select(Own)
            .ToHashSet();
        var rules = _tables.Rules().Where(block.Owns).ToHashSet();
        var undo = new Stack<Action>();
        try
        {
            // Where an ordinary route leads the kernel can tell when the route is there.
            AddMissing(Desired(static _ => false).Routes.Where(r => r.Table == DesiredRouting.MainTable));
            var desired = Desired(route => IsShadowed(route, block));
            AddMissing(desired.Routes);
            foreach (var rule in desired.Rules.Where(r => !rules.Contains(r)))
            {
                _tables.Add(rule);
                undo.Push(() => _tables.Remove(rule));
            }
            foreach (var rule in rules.Except(desired.Rules).OrderBy(RemovalOrder))
            {
                _tables.Remove(rule);
                undo.Push(() => _tables.Add(rule));
            }
            foreach (var route in routes.Except(desired.Routes))
            {
                _tables.Remove(route);
                undo.Push(() => _tables.Add(route));
            }
        }
        catch (NetlinkException)
        {
            Undo(undo);
            throw;
        }

        DesiredRouting Desired(Func<OwnRoute, bool> isShadowed) =>
            DesiredRouting.Of(
                block,
                _plans,
                snapshot,
                nameServer => _tables.Lookup(new RouteQuery(nameServer), block.Mark).Source,
                isShadowed
            );

        void AddMissing(IEnumerable<OwnRoute> wanted)
        {
            foreach (var route in wanted.Where(r => !routes.Contains(r)))
            {
                // The kernel has no two routes that differ in their source alone.
                if (routes.FirstOrDefault(r => r == route with { Source = r.Source }) is { } before)
                {
                    _tables.Replace(route);
                    routes.Remove(before);
                    undo.Push(() => _tables.Replace(before));
                }
                else if (TryAdd(route))
                {
                    undo.Push(() => _tables.Remove(route));
                }
                routes.Add(route);
            }
        }
    }

    /// <summary>False: it is for IPv6, which the machine has turned off. The cluster is reached by IPv4 then.</summary>
    private bool TryAdd(OwnRoute route)
    {
        try
        {
            _tables.Add(route);
            return true;
        }
        catch (NetlinkException e)
            when (route.Destination.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6
                && e.Error is (Errno.EACCES or Errno.EAFNOSUPPORT or Errno.EOPNOTSUPP)
            )
        {
            Log.WithoutIPv6(_logger, e.Message);
            return false;
        }
    }

    /// <summary>Whether a less specific route of another table wins, asked as if the overriding table were not there.</summary>
    private bool IsShadowed(OwnRoute route, RoutingBlock block)
    {
        var found = _tables.Lookup(new RouteQuery(route.Destination.BaseAddress), block.Mark);
        return found.Error is null
            && found.InterfaceIndex != route.InterfaceIndex
            && found.Table != DesiredRouting.MainTable
            && found.Route is { Kind: RouteKind.Unicast } winner
            && winner.Destination.PrefixLength < route.Destination.PrefixLength;
    }

    // Look-ups go before the goto that spares our own queries from them, the goto before its target.
    private static int RemovalOrder(SystemRule rule) =>
        rule.Action switch
        {
            RuleAction.Lookup => 0,
            RuleAction.Goto => 1,
            _ => 2,
        };

    private void Undo(Stack<Action> steps)
    {
        while (steps.TryPop(out var step))
        {
            try
            {
                step();
            }
            catch (NetlinkException e)
            {
                Log.NotUndone(_logger, e.Message);
            }
        }
    }

    private void OnForeignChange()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }
            if (_plans.Count > 0)
            {
                try
                {
                    Synchronize(Block());
                }
                catch (NetlinkException e)
                {
                    Log.NotFollowed(_logger, e.Message);
                }
            }
        }
        Changed?.Invoke();
    }

    private static OwnRoute Own(SystemRoute r) =>
        new(r.Destination, r.Table, r.InterfaceIndex, r.Metric, r.PreferredSource);

    private static string Family(SystemRule rule) => rule.Family == AddressFamily.InterNetwork ? "IPv4" : "IPv6";

    private static void Typed(Action action) =>
        Typed<object?>(() =>
        {
            action();
            return null;
        });

    private static T Typed<T>(Func<T> function)
    {
        try
        {
            return function();
        }
        catch (Exception e) when (e is NetlinkException or NetlinkFormatException)
        {
            throw Failed(e.Message, e);
        }
    }

    private static TelepresenceException Failed(string reason, Exception? cause) =>
        ErrorCatalogue.Error(ErrorId.RoutingFailed, null, cause, ("reason", reason));

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "Routes were not all removed: {Reason}")]
        public static partial void NotCleared(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "A failed change was not wholly taken back: {Reason}")]
        public static partial void NotUndone(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Information, Message = "IPv6 is turned off on this machine: {Reason}")]
        public static partial void WithoutIPv6(ILogger logger, string reason);

        [LoggerMessage(Level = LogLevel.Warning, Message = "A change of the routing could not be followed: {Reason}")]
        public static partial void NotFollowed(ILogger logger, string reason);
    }
}
