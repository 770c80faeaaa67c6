using System.Net;
using Microsoft.Extensions.Logging;
using Telepresence.Engine.Addressing;
using Telepresence.Engine.Dns;
using Telepresence.Engine.NetStack;
using Telepresence.Engine.Vnat;

namespace Telepresence.Engine.Session;

/// <summary>Carries a flow through the cluster's traffic-manager, or an agent, until it is over.</summary>
internal interface IFlowCarrier
{
    /// <param name="destination">Real address in the cluster.</param>
    /// <param name="workload">Whose agent it leaves through; empty: by the normal rules.</param>
    Task CarryAsync(ITcpFlow flow, IPEndPoint destination, string workload, CancellationToken cancellationToken);

    /// <inheritdoc cref="CarryAsync(ITcpFlow, IPEndPoint, string, CancellationToken)"/>
    Task CarryAsync(IUdpFlow flow, IPEndPoint destination, string workload, CancellationToken cancellationToken);
}

/// <summary>
/// Decides where each new flow of a session's interface goes: to the engine's name server, into the cluster under its
/// real address, or nowhere. Translation happens here, once a flow (DESIGN §4).
/// </summary>
internal sealed partial class FlowRouter(
    DnsFront dns,
    TranslationTable translation,
    IFlowCarrier carrier,
    TimeProvider time,
    ILogger<FlowRouter> logger
) : IFlowHandler, IAsyncDisposable
{
    private readonly DnsFlows _dnsFlows = new(dns, time);
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for the router itself, released by disposal; one for each running flow.
    private int _running = 1;
    private IReadOnlyList<IPAddress> _nameServers = [];
    private IReadOnlyList<IPNetwork> _virtualSubnets = [];
    private IReadOnlyList<(IPNetwork Subnet, string Workload)> _workloads = [];

    /// <summary>Raised with each new flow, on the packet loop: handlers must return at once.</summary>
    public event Action<IFlow>? Opened;

    /// <summary>Addresses whose port 53 is the engine's name server.</summary>
    public void SetNameServers(IReadOnlyList<IPAddress> addresses) => Volatile.Write(ref _nameServers, addresses);

    /// <summary>Where an address that stands for nothing is unreachable.</summary>
    public void SetVirtualSubnets(IReadOnlyList<IPNetwork> subnets) => Volatile.Write(ref _virtualSubnets, subnets);

    /// <summary>
    /// Whose agents traffic to the real addresses of subnets leaves through. A subnet of earlier keeps its workload: virtual
    /// addresses of it may be in use.
    /// </summary>
    public void SetWorkloads(IEnumerable<(IPNetwork Subnet, string Workload)> workloads)
    {
        var present = workloads.ToList();
        var earlier = Volatile.Read(ref _workloads).Where(e => !present.Exists(p => p.Subnet.Covers(e.Subnet)));
        Volatile.Write(ref _workloads, [.. present.Concat(earlier).OrderByDescending(w => w.Subnet.PrefixLength)]);
    }

    /// <summary>Whose agent traffic to a real address leaves through; empty: by the normal rules.</summary>
    public string WorkloadFor(IPAddress clusterAddress)
    {
        foreach (var (subnet, workload) in Volatile.Read(ref _workloads))
        {
            if (subnet.Contains(clusterAddress))
                return workload;
        }
        return "";
    }

    public void OnTcpOpen(ITcpFlow flow)
    {
        Opened?.Invoke(flow);
        if (IsDns(flow.Endpoints.Destination))
            Start(flow.Endpoints, token => _dnsFlows.ServeAsync(flow, token), flow.Abort);
        else if (Resolve(flow.Endpoints.Destination) is { } destination)
            Start(
                flow.Endpoints,
                token => carrier.CarryAsync(flow, destination, WorkloadFor(destination.Address), token),
                flow.Abort
            );
        else
            flow.Unreachable();
    }

    public void OnUdpOpen(IUdpFlow flow)
    {
        Opened?.Invoke(flow);
        if (IsDns(flow.Endpoints.Destination))
            Start(flow.Endpoints, token => _dnsFlows.ServeAsync(flow, token), flow.Close);
        else if (Resolve(flow.Endpoints.Destination) is { } destination)
            Start(
                flow.Endpoints,
                token => carrier.CarryAsync(flow, destination, WorkloadFor(destination.Address), token),
                flow.Close
            );
        else
            flow.Unreachable();
    }

    /// <summary>The real address behind what a program connected to; null when it stands for nothing.</summary>
    public IPEndPoint? Resolve(IPEndPoint destination)
    {
        if (translation.TryToCluster(destination.Address, out var real))
            return new IPEndPoint(real, destination.Port);
        foreach (var subnet in Volatile.Read(ref _virtualSubnets))
        {
            if (subnet.Contains(destination.Address))
                return null;
        }
        return destination;
    }

    /// <summary>Ends every flow and waits for their tasks.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_ended.IsCancellationRequested)
            return;
        await _ended.CancelAsync().ConfigureAwait(false);
        Release();
        await _drained.Task.ConfigureAwait(false);
        _ended.Dispose();
    }

    private bool IsDns(IPEndPoint destination)
    {
        if (destination.Port != DnsFlows.Port)
            return false;
        foreach (var address in Volatile.Read(ref _nameServers))
        {
            if (address.Equals(destination.Address))
                return true;
        }
        return false;
    }

    /// <summary>Runs a flow off the packet loop. <paramref name="end"/> is for the flow that comes while we leave.</summary>
    private void Start(FlowEndpoints endpoints, Func<CancellationToken, Task> serve, Action end)
    {
        if (!TryAcquire())
        {
            end();
            return;
        }
        ThreadPool.UnsafeQueueUserWorkItem(
            static state => _ = state.Router.RunAsync(state.Endpoints, state.Serve),
            (Router: this, Endpoints: endpoints, Serve: serve),
            preferLocal: false
        );
    }

    /// <summary>Never faults: whatever a flow dies of is logged here, and ends that flow only.</summary>
    private async Task RunAsync(FlowEndpoints endpoints, Func<CancellationToken, Task> serve)
    {
        try
        {
            await serve(_ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            LogEnded(endpoints);
        }
#pragma warning disable CA1031 // The last frame above the thread pool: a flow must not take the engine along.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(e, endpoints);
        }
        finally
        {
            Release();
        }
    }

    private bool TryAcquire()
    {
        for (var running = Volatile.Read(ref _running); running > 0; running = Volatile.Read(ref _running))
        {
            if (Interlocked.CompareExchange(ref _running, running + 1, running) == running)
                return true;
        }
        return false;
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _running) == 0)
            _drained.SetResult();
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Endpoints} ended with its session")]
    private partial void LogEnded(FlowEndpoints endpoints);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Endpoints} failed")]
    private partial void LogFailed(Exception exception, FlowEndpoints endpoints);
}
