using System.Runtime.InteropServices;
using Telepresence.Client.Errors;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Engagements.Volumes;

/// <summary>A system whose programs for mounting are not driven yet.</summary>
/// <param name="program">What mounts SFTP there: sshfs-win, macFUSE or FUSE-T.</param>
internal sealed class UnsupportedMounter(string program) : IVolumeMounter
{
    public void Require() => throw NotYet();

    public MountPoint MakeMountPoint(string? wanted) => throw NotYet();

    public Task<IMountedVolume> MountAsync(
        VolumeMount volume,
        Func<ITcpFlow, CancellationToken, Task> carry,
        CancellationToken cancellationToken
    ) => Task.FromException<IMountedVolume>(NotYet());

    public IReadOnlyList<string> Repair() => [];

    private TelepresenceException NotYet() =>
        ErrorCatalogue.Error(
            ErrorId.PlatformNotYetSupported,
            null,
            ("feature", $"Mounting volumes (with {program}; -Mount none does without, -LocalMountPort gives SFTP)"),
            ("platform", RuntimeInformation.OSDescription)
        );
}
