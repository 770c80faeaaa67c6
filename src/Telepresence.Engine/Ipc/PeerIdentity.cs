using Telepresence.Client.Errors;

namespace Telepresence.Engine.Ipc;

/// <summary>Chooses this system's way to know a peer.</summary>
internal static class PeerIdentity
{
    /// <exception cref="TelepresenceException">PlatformNotYetSupported.</exception>
    public static IPeerIdentity Create() =>
        OperatingSystem.IsLinux()
            ? new UnixPeerIdentity()
            : throw ErrorCatalogue.Error(
                ErrorId.PlatformNotYetSupported,
                null,
                ("feature", "The engine"),
                ("platform", Environment.OSVersion.Platform)
            );
}
