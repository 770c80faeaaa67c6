using Microsoft.Extensions.Logging;
using Telepresence.Client.Errors;
using Telepresence.Engine.Manager;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Engagements.Volumes;

/// <summary>
/// Keeps the volumes of an engagement mounted: mounts them anew when the pod moves, or when the way to it broke. Disposal unmounts
/// them.
/// </summary>
internal sealed partial class VolumeKeeper : IAsyncDisposable
{
    private static readonly TimeSpan _firstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(3);

    private readonly IVolumeMounter _mounter;
    private readonly MountPoint _point;
    private readonly Func<PodTarget, ITcpFlow, CancellationToken, Task> _carry;
    private readonly bool _isReadOnly;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PodTarget _target;
    private Task _keeping = Task.CompletedTask;
    private string _error = "";

    /// <param name="point">Owned.</param>
    /// <param name="target">Has volumes.</param>
    /// <param name="isReadOnly">Whatever the volumes' policies are.</param>
    /// <param name="carry">Joins an SFTP client's stream to the pod's server.</param>
    public VolumeKeeper(
        IVolumeMounter mounter,
        MountPoint point,
        PodTarget target,
        bool isReadOnly,
        Func<PodTarget, ITcpFlow, CancellationToken, Task> carry,
        TimeProvider time,
        ILogger logger
    )
    {
        _mounter = mounter;
        _point = point;
        _target = target;
        _isReadOnly = isReadOnly;
        _carry = carry;
        _time = time;
        _logger = logger;
    }

    public string Path => _point.Path;

    /// <summary>Raised after <see cref="Error"/> changed.</summary>
    public event Action? Changed;

    /// <summary>Why the volumes are not there at this moment; empty: they are.</summary>
    public string Error => Volatile.Read(ref _error);

    public bool IsReadOnly
    {
        get
        {
            lock (_gate)
                return _isReadOnly || _target.Volumes.AreAllReadOnly;
        }
    }

    /// <summary>Returns when the volumes are there, or could not be mounted the first time; from then on they are kept.</summary>
    /// <exception cref="TelepresenceException">MountProgramNotFound, MountFailed.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _keeping = KeepAsync();
        return _first.Task.WaitAsync(cancellationToken);
    }

    /// <summary>The pod is another one now.</summary>
    public void MoveTo(PodTarget target)
    {
        TaskCompletionSource moved;
        lock (_gate)
        {
            var isSame =
                (target.Address, target.SftpPort, target.MountPoint, target.Name)
                == (_target.Address, _target.SftpPort, _target.MountPoint, _target.Name);
            _target = target;
            if (isSame)
                return;
            moved = _moved;
            _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        moved.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _first.TrySetCanceled();
        _point.Dispose();
        _ended.Dispose();
    }

    private async Task KeepAsync()
    {
        var backOff = new BackOff(_firstPause, _longestPause, _time);
        while (true)
        {
            PodTarget target;
            Task moved;
            lock (_gate)
                (target, moved) = (_target, _moved.Task);
            try
            {
                await MountAsync(target, moved, backOff).ConfigureAwait(false);
            }
            catch (TelepresenceException e)
            {
                Report(e.Message);
                _first.TrySetException(e);
            }
            _ended.Token.ThrowIfCancellationRequested();
            await Task.WhenAny(backOff.WaitAsync(_ended.Token), moved).ConfigureAwait(false);
            _ended.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Returns when the volumes are gone, or the pod is another.</summary>
    private async Task MountAsync(PodTarget target, Task moved, BackOff backOff)
    {
        var volume = new VolumeMount(Path, target.MountPoint, IsReadOnly);
        var mounted = await _mounter
            .MountAsync(volume, (flow, token) => _carry(target, flow, token), _ended.Token)
            .ConfigureAwait(false);
        await using (mounted.ConfigureAwait(false))
        {
            backOff.Reset();
            Report("");
            LogMounted(Path, target.Name);
            _first.TrySetResult();
            await Task.WhenAny(mounted.Ended, moved).WaitAsync(_ended.Token).ConfigureAwait(false);
            Report("they are being mounted anew");
        }
    }

    private void Report(string error)
    {
        if (Interlocked.Exchange(ref _error, error) == error)
            return;
        if (error.Length > 0)
            LogNotMounted(Path, error);
        Changed?.Invoke();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The volumes of {Pod} are at {Path}")]
    private partial void LogMounted(string path, string pod);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No volumes at {Path}: {Reason}")]
    private partial void LogNotMounted(string path, string reason);
}
