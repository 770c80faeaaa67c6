using Telepresence.Client.Errors;
using Telepresence.Engine.NetStack;

namespace Telepresence.Engine.Engagements.Volumes;

/// <summary>Volumes of a container that are to be seen on this machine.</summary>
/// <param name="LocalPath">The mount point, an empty directory.</param>
/// <param name="RemotePath">Of the agent's SFTP server.</param>
internal sealed record VolumeMount(string LocalPath, string RemotePath, bool IsReadOnly);

/// <summary>Mounts what an SFTP server exports, per operating system.</summary>
internal interface IVolumeMounter
{
    /// <summary>Checks that volumes can be mounted at all.</summary>
    /// <exception cref="TelepresenceException">MountProgramNotFound, PlatformNotYetSupported.</exception>
    void Require();

    /// <summary>An empty directory to mount at; it is gone when the point is disposed, unless it was there before.</summary>
    /// <param name="wanted">Whole path; null: one of our own.</param>
    /// <exception cref="TelepresenceException">MountPointBusy.</exception>
    MountPoint MakeMountPoint(string? wanted);

    /// <summary>Returns once the volumes are there.</summary>
    /// <param name="volume">What, and where.</param>
    /// <param name="carry">Joins the SFTP client's stream to the server, until either ends.</param>
    /// <exception cref="TelepresenceException">MountProgramNotFound, MountFailed.</exception>
    Task<IMountedVolume> MountAsync(
        VolumeMount volume,
        Func<ITcpFlow, CancellationToken, Task> carry,
        CancellationToken cancellationToken
    );

    /// <summary>Unmounts what an engine that was killed left.</summary>
    /// <returns>What was undone, in words.</returns>
    IReadOnlyList<string> Repair();
}

/// <summary>Volumes that are mounted; disposal unmounts them.</summary>
internal interface IMountedVolume : IAsyncDisposable
{
    /// <summary>Completes, never faults, when the server is gone or somebody unmounted them.</summary>
    Task Ended { get; }
}
