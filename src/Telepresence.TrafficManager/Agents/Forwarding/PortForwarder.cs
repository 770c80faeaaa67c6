using System.Net;

namespace Telepresence.TrafficManager.Agents.Forwarding;

/// <summary>What stands before a container's port: listens, and forwards by the rules that hold.</summary>
internal abstract class PortForwarder(AgentPort port) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private CancellationTokenSource _superseded = new();
    private PortRules _rules = PortRules.None;

    public AgentPort Port => port;

    /// <summary>Where it listens.</summary>
    public abstract IPEndPoint EndPoint { get; }

    /// <summary>Cancelled by the forwarder's end.</summary>
    protected CancellationTokenSource Stopping { get; } = new();

    /// <summary>Its connections.</summary>
    protected OwnedTasks Connections { get; } = new();

    /// <summary>
    /// Makes rules hold. Connections that went elsewhere under those before are closed: a caller that keeps one open would
    /// never notice the intercept.
    /// </summary>
    public void Set(PortRules rules)
    {
        CancellationTokenSource? over = null;
        lock (_lock)
        {
            if (!rules.SendAs(_rules))
            {
                over = _superseded;
                _superseded = new CancellationTokenSource();
            }
            _rules = rules;
        }
        over?.Cancel();
    }

    /// <summary>The rules that hold.</summary>
    public PortRules Rules
    {
        get
        {
            lock (_lock)
                return _rules;
        }
    }

    /// <summary>The rules for a new connection, and what is cancelled when others send it elsewhere.</summary>
    protected (PortRules Rules, CancellationToken Superseded) Current()
    {
        lock (_lock)
            return (_rules, _superseded.Token);
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Stopping.CancelAsync().ConfigureAwait(false);
        await Connections.WhenAllAsync().ConfigureAwait(false);
        Stopping.Dispose();
        _superseded.Dispose();
    }
}
