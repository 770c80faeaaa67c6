using System.Diagnostics;
using System.Net;
using Telepresence.Engine.Engagements.Flows;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Engagements.Volumes;

/// <summary>A running sshfs, its standard streams joined to the server's.</summary>
internal sealed class SshfsProcess : IMountedVolume
{
    /// <summary>A complaint is a line or two.</summary>
    private const int LongestComplaint = 2000;

    private static int _streams;

    private readonly Process _process;
    private readonly VolumeMount _volume;
    private readonly Func<string, bool> _unmount;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _complaining;
    private string _complaint = "";
    private string _carryFailure = "";
    private bool _isDisposed;

    /// <param name="process">Owned from here on.</param>
    /// <param name="carry">Joins the stream to the server.</param>
    /// <param name="unmount">Takes the mount point's path.</param>
    public SshfsProcess(
        Process process,
        VolumeMount volume,
        Func<ITcpFlow, CancellationToken, Task> carry,
        Func<string, bool> unmount
    )
    {
        _process = process;
        _volume = volume;
        _unmount = unmount;
        _complaining = ReadComplaintAsync();
        Ended = RunAsync(carry);
    }

    public Task Ended { get; }

    /// <summary>What it said on its standard error, or why its stream ended.</summary>
    public string Complaint =>
        _complaint.Trim() is { Length: > 0 } said ? said
        : _carryFailure.Length > 0 ? _carryFailure
        : "sshfs ended without a word";

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        // It ends by itself once nothing is mounted; its stream stays until then, for what is still to be written.
        await Task.Run(() => _unmount(_volume.LocalPath)).ConfigureAwait(false);
        using (var late = new CancellationTokenSource(TimeSpan.FromSeconds(2)))
        {
            await _process.WaitForExitAsync(late.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        Kill();
        await _ending.CancelAsync().ConfigureAwait(false);
        await Ended.ConfigureAwait(false);
        // Where it was killed, what it had mounted is still there.
        await Task.Run(() => _unmount(_volume.LocalPath)).ConfigureAwait(false);
        _process.Dispose();
        _ending.Dispose();
    }

    private async Task RunAsync(Func<ITcpFlow, CancellationToken, Task> carry)
    {
        var output = _process.StandardInput.BaseStream;
        // It has no port; what stands for one tells its tunnels apart.
        var port = ((uint)Interlocked.Increment(ref _streams) % ushort.MaxValue) + 1;
        var here = new IPEndPoint(IPAddress.Loopback, (int)port);
        var flow = new StreamFlow(
            new FlowEndpoints(here, here),
            _process.StandardOutput.BaseStream,
            output,
            output.Dispose,
            Kill
        );
        await using (flow.ConfigureAwait(false))
        {
            try
            {
                await carry(flow, _ending.Token).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever broke the stream, the volumes are gone with it; it is told as the complaint.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _carryFailure = e.Message;
            }
            flow.Abort();
        }
        await _process.WaitForExitAsync().ConfigureAwait(false);
        await _complaining.ConfigureAwait(false);
    }

    private async Task ReadComplaintAsync()
    {
        while (await _process.StandardError.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            if (_complaint.Length < LongestComplaint)
                _complaint += line + " ";
        }
    }

    private void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }
}
