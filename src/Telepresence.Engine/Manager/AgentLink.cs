using Telepresence.Protocol.Agent;
using Telepresence.Protocol.Grpc;

namespace Telepresence.Engine.Manager;

/// <summary>
/// The way to one pod's agent: a channel that is made with the first tunnel, closed when there has been none for a while,
/// and made again with the next.
/// </summary>
internal sealed class AgentLink : IDisposable
{
    private readonly Func<AgentPod, CancellationToken, ValueTask<Stream>> _open;
    private readonly AgentOptions _options;
    private readonly Lock _gate = new();
    private readonly ITimer _idle;
    private GrpcChannel? _channel;
    private Task<RpcException?>? _greeting;
    private int _users;
    private bool _isRetired;
    private bool _isDisposed;
    private volatile bool _hasFailed;

    /// <param name="open">Opens the way to the agent's gRPC port; called again when it broke.</param>
    public AgentLink(AgentPod pod, Func<AgentPod, CancellationToken, ValueTask<Stream>> open, AgentOptions options)
    {
        Pod = pod;
        _open = open;
        _options = options;
        _idle = Time.CreateTimer(
            static link => ((AgentLink)link!).CloseIfUnused(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
    }

    public AgentPod Pod { get; }

    /// <summary>No tunnel could be opened the last time.</summary>
    public bool HasFailed => _hasFailed;

    /// <summary>A channel is there.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
                return _channel is not null;
        }
    }

    private TimeProvider Time => _options.Tunnels.TimeProvider;

    /// <summary>Keeps the link open until <see cref="Release"/>. Returns once the agent has answered.</summary>
    /// <exception cref="RpcException">It does not; there is nothing to release then.</exception>
    public async ValueTask<AgentClient> AcquireAsync(CancellationToken cancellationToken)
    {
        GrpcChannel channel;
        Task<RpcException?> greeting;
        lock (_gate)
        {
            if (_isDisposed)
                throw new RpcException(StatusCode.Unavailable, $"The link to {Pod} is closed.");
            _users++;
            _idle.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            channel = _channel ??= new GrpcChannel(
                token => _open(Pod, token),
                new GrpcChannelOptions { Authority = "traffic-agent", TimeProvider = Time }
            );
            greeting = _greeting ??= GreetAsync(channel);
        }
        try
        {
            if (await greeting.WaitAsync(cancellationToken).ConfigureAwait(false) is { } failure)
                throw failure;
            return new AgentClient(channel);
        }
        catch
        {
            Release();
            throw;
        }
    }

    public void Release()
    {
        GrpcChannel? unused = null;
        lock (_gate)
        {
            if (--_users > 0 || _isDisposed)
                return;
            if (_isRetired)
                unused = TakeChannel();
            else
                _idle.Change(_options.IdleTimeout, Timeout.InfiniteTimeSpan);
        }
        unused?.Dispose();
    }

    /// <summary>No tunnel could be opened: the next one greets the agent again, and other pods are tried first.</summary>
    public void MarkFailed()
    {
        _hasFailed = true;
        lock (_gate)
            _greeting = null;
    }

    /// <summary>The manager still lists the pod, or a tunnel was opened: it may be tried like any other.</summary>
    public void ClearFailure() => _hasFailed = false;

    /// <summary>
    /// The pod is listed no more. Tunnels that are open may go on, as they do when it is the manager that has lost the agent.
    /// </summary>
    public void Retire()
    {
        GrpcChannel? unused;
        lock (_gate)
        {
            _isRetired = true;
            unused = _users == 0 ? TakeChannel() : null;
        }
        unused?.Dispose();
    }

    /// <summary>Closes the link with all its tunnels.</summary>
    public void Dispose()
    {
        GrpcChannel? channel;
        lock (_gate)
        {
            _isDisposed = true;
            channel = TakeChannel();
        }
        _idle.Dispose();
        channel?.Dispose();
    }

    /// <summary>Never faults: several may wait for it, or nobody.</summary>
    private async Task<RpcException?> GreetAsync(GrpcChannel channel)
    {
        try
        {
            await new AgentClient(channel)
                .Version(new CallOptions(Deadline: _options.ConnectTimeout))
                .ConfigureAwait(false);
            return null;
        }
        catch (RpcException e)
        {
            return e;
        }
    }

    private void CloseIfUnused()
    {
        GrpcChannel? unused;
        lock (_gate)
            unused = _users == 0 ? TakeChannel() : null;
        unused?.Dispose();
    }

    private GrpcChannel? TakeChannel()
    {
        var channel = _channel;
        _channel = null;
        _greeting = null;
        return channel;
    }
}
