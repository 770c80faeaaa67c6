using Telepresence.Engine.Manager;
using Telepresence.Engine.Routing;

namespace Telepresence.Engine.Session;

/// <summary>
/// Calls a session back, one call at a time, when what its plan rests on may have changed: the cluster, the machine's
/// routes, its name servers. What a call throws is reported and ends nothing.
/// </summary>
internal sealed class ChangeWatch : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ClusterLink _link;
    private readonly IRouting _routing;
    private readonly NameService _names;
    private readonly Action<ManagerClusterInfo?> _changed;
    private readonly Action<Exception> _failed;
    private bool _ended;

    /// <param name="changed">With what the manager says now, where that is what changed.</param>
    /// <param name="failed">Told what <paramref name="changed"/> threw.</param>
    public ChangeWatch(
        ClusterLink link,
        IRouting routing,
        NameService names,
        Action<ManagerClusterInfo?> changed,
        Action<Exception> failed
    )
    {
        _link = link;
        _routing = routing;
        _names = names;
        _changed = changed;
        _failed = failed;
        _link.InfoChanged += OnChanged;
        _routing.Changed += OnMachineChanged;
        _names.Changed += OnMachineChanged;
    }

    /// <summary>Looks at once: between the plan and the watch something may have changed unseen.</summary>
    public void CatchUp() => OnMachineChanged();

    /// <summary>Once it returns no call is under way and none comes.</summary>
    public void Dispose()
    {
        _link.InfoChanged -= OnChanged;
        _routing.Changed -= OnMachineChanged;
        _names.Changed -= OnMachineChanged;
        lock (_gate)
            _ended = true;
    }

    private void OnMachineChanged() => OnChanged(null);

    private void OnChanged(ManagerClusterInfo? info)
    {
        lock (_gate)
        {
            if (_ended)
                return;
            try
            {
                _changed(info);
            }
#pragma warning disable CA1031 // A change that cannot be followed must not end what works; the session says so.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _failed(e);
            }
        }
    }
}
