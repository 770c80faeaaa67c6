using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;
using Telepresence.Client.Errors;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Engagements.Volumes;

/// <summary>
/// sshfs as the engine's user, speaking SFTP on its standard streams (<c>-o passive</c>): no ssh, no sshd, and nothing is encrypted
/// that the tunnel encrypts already.
/// </summary>
/// <param name="start">Starts a program as the engine's user, without the engine's capability.</param>
[SupportedOSPlatform("linux")]
internal sealed class SshfsMounter(TimeProvider time, Func<ProcessStartInfo, Process> start) : IVolumeMounter
{
    private const string Program = "sshfs";

    /// <summary>First contact with the server and the mount itself: round trips, no more.</summary>
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _look = TimeSpan.FromMilliseconds(20);

    private static readonly string[] _unmounters = ["fusermount3", "fusermount"];

    public void Require()
    {
        if (FindProgram(Program) is null)
            throw NotFound();
        if (!File.Exists("/dev/fuse"))
        {
            throw ErrorCatalogue.Error(
                ErrorId.MountProgramNotFound,
                null,
                ("program", "FUSE (/dev/fuse)"),
                ("install", "modprobe fuse; a container needs the device and CAP_SYS_ADMIN")
            );
        }
    }

    public MountPoint MakeMountPoint(string? wanted)
    {
        if (wanted is not null && MountTable.Read().Any(row => row.MountPoint == wanted.TrimEnd('/')))
            throw MountPoint.Busy(wanted, "something is mounted there");
        return MountPoint.Make(wanted);
    }

    public async Task<IMountedVolume> MountAsync(
        VolumeMount volume,
        Func<ITcpFlow, CancellationToken, Task> carry,
        CancellationToken cancellationToken
    )
    {
        Require();
        var process = Start(volume);
        var mounted = new SshfsProcess(process, volume, carry, Unmount);
        try
        {
            using var late = new CancellationTokenSource(_patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
            // Nothing tells when a mount is there but the table of them, and it stands there before the server was asked: the
            // first answer is what counts. Between the two it may have gone again.
            while (!await AnswersAsync(volume.LocalPath, mounted.Ended, either.Token).ConfigureAwait(false))
            {
                if (mounted.Ended.IsCompleted)
                    throw Failed(volume, mounted.Complaint);
                if (late.IsCancellationRequested)
                    throw Failed(volume, $"no answer of the pod's SFTP server within {_patience.TotalSeconds} s");
                cancellationToken.ThrowIfCancellationRequested();
            }
            return mounted;
        }
        catch
        {
            await mounted.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public IReadOnlyList<string> Repair()
    {
        var undone = new List<string>();
        foreach (var row in MountTable.Read().Where(row => row.FileSystem == "fuse.sshfs"))
        {
            if (MountOwner.Parse(row.Source) is not { IsAlive: false } || !Unmount(row.MountPoint))
                continue;
            undone.Add($"volumes at {row.MountPoint}");
            if (Path.GetFileName(row.MountPoint).StartsWith("telepresence-", StringComparison.Ordinal))
                RemoveIfEmpty(row.MountPoint);
        }
        return undone;
    }

    private Process Start(VolumeMount volume)
    {
        List<string> arguments =
        [
            "-f",
            "-o",
            $"passive,follow_symlinks,fsname={MountOwner.Self}" + (volume.IsReadOnly ? ",ro" : ""),
            // The host is not looked at: whoever holds our streams is it.
            $"pod:{volume.RemotePath}",
            volume.LocalPath,
        ];
        var program = new ProcessStartInfo(FindProgram(Program) ?? throw NotFound(), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        try
        {
            return start(program);
        }
        catch (Win32Exception e)
        {
            throw Failed(volume, e.Message, e);
        }
    }

    /// <summary>False after a short while at the latest, unless the server takes its time to answer.</summary>
    private async Task<bool> AnswersAsync(string path, Task ended, CancellationToken cancellationToken)
    {
        if (!IsMounted(path))
        {
            await Task.WhenAny(ended, Task.Delay(_look, time, cancellationToken)).ConfigureAwait(false);
            return false;
        }
        // Waits in the kernel until the server answers or the mount is gone; the latter is seen to by whoever gives up.
        var looking = Task.Run(() => Directory.GetLastWriteTimeUtc(path), CancellationToken.None);
        var gaveUp = Task.Delay(Timeout.Infinite, cancellationToken);
        if (await Task.WhenAny(looking, ended, gaveUp).ConfigureAwait(false) != looking)
            return false;
        return looking.IsCompletedSuccessfully && IsMounted(path);
    }

    private static bool IsMounted(string path) =>
        MountTable.Read().Any(row => row.MountPoint == path && MountOwner.Parse(row.Source) == MountOwner.Self);

    /// <summary>Lazily: who has a file open there keeps it until it is closed.</summary>
    private bool Unmount(string path)
    {
        foreach (var program in _unmounters)
        {
            if (FindProgram(program) is not { } found)
                continue;
            using var process = start(
                new ProcessStartInfo(found, ["-u", "-z", "--", path]) { RedirectStandardError = true }
            );
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        return false;
    }

    private static void RemoveIfEmpty(string path)
    {
        try
        {
            Directory.Delete(path, recursive: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The user has put something there.
        }
    }

    /// <summary>An engine that sudo started has a PATH of sudo's choice, so the usual places count too.</summary>
    private static string? FindProgram(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/local/bin", "/usr/bin", "/bin"])
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);

    private static TelepresenceException NotFound() =>
        ErrorCatalogue.Error(
            ErrorId.MountProgramNotFound,
            Program,
            ("program", Program),
            ("install", "apt install sshfs, dnf install fuse-sshfs")
        );

    private static TelepresenceException Failed(VolumeMount volume, string reason, Exception? cause = null) =>
        ErrorCatalogue.Error(
            ErrorId.MountFailed,
            volume.LocalPath,
            cause,
            ("path", volume.LocalPath),
            ("reason", reason.TrimEnd('.'))
        );
}
