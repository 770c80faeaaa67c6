namespace Telepresence.ImageBuilder;

/// <summary>How a container of the image runs, where the pod does not say otherwise.</summary>
/// <param name="EntryPoint">Program and arguments.</param>
/// <param name="User">Numbers: only they prove to Kubernetes that it is not root.</param>
/// <param name="Environment">As <c>NAME=value</c>.</param>
internal sealed record ImageConfiguration(
    IReadOnlyList<string> EntryPoint,
    string User,
    IReadOnlyList<string> Environment
)
{
    /// <summary>Who runs the processes.</summary>
    public const int UserId = 1000;

    /// <summary>Name of <see cref="UserId"/>.</summary>
    public const string UserName = "telepresence";

    /// <summary>The traffic-manager's; an agent's pod adds the argument <c>agent</c>.</summary>
    public static ImageConfiguration Default { get; } =
        new(
            [$"/{PublishedApplication.Folder}/{PublishedApplication.Program}"],
            $"{UserId}:{UserId}",
            [
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                // Diagnostics make a socket in /tmp, which a read-only root refuses.
                "DOTNET_EnableDiagnostics=0",
            ]
        );
}
