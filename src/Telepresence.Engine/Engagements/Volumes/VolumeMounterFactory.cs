using System.Diagnostics;

namespace Telepresence.Engine.Engagements.Volumes;

/// <summary>The one place that chooses by operating system.</summary>
internal static class VolumeMounterFactory
{
    /// <param name="start">Starts a program as the engine's user, without the engine's capability.</param>
    public static IVolumeMounter Create(TimeProvider time, Func<ProcessStartInfo, Process> start) =>
        OperatingSystem.IsLinux() ? new SshfsMounter(time, start)
        : OperatingSystem.IsMacOS() ? new UnsupportedMounter("macFUSE or FUSE-T")
        : new UnsupportedMounter("sshfs-win");
}
