using System.Text;
using Telepresence.Client.Errors;

namespace Telepresence.Client.Launch;

/// <summary>The directory of the invoking user alone that holds the engines' sockets and locks.</summary>
public static class RuntimeDirectory
{
    /// <summary>Environment variable that overrides where it is.</summary>
    public const string OverrideVariable = "TELEPRESENCE_RUNTIME_DIR";

    // sockaddr_un has 108 bytes for the whole path.
    private const int MaximumLength = 90;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Where it is for this user; nothing is created.</summary>
    /// <exception cref="TelepresenceException">PlatformNotYetSupported.</exception>
    public static string Locate(Func<string, string?>? environment = null)
    {
        environment ??= Environment.GetEnvironmentVariable;
        if (environment(OverrideVariable) is { Length: > 0 } given)
        {
            return Path.GetFullPath(given);
        }
        if (!OperatingSystem.IsLinux())
        {
            throw NotSupported();
        }
        var user = PosixOwnership.EffectiveUser;
        // Under sudo -E the variable is another user's, and what we put there would be too.
        return environment("XDG_RUNTIME_DIR") is { Length: > 0 } xdg && PosixOwnership.Find(xdg)?.Owner == user
            ? Path.Combine(xdg, "telepresence-pwsh")
            : $"/tmp/telepresence-pwsh-{user}";
    }

    /// <summary>Creates it where it is missing, and makes sure that nobody else can have put anything into it.</summary>
    /// <exception cref="TelepresenceException">EngineUnavailable: it is not this user's, a link, or open to others.</exception>
    public static string Ensure(string directory)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw NotSupported();
        }
        if (Encoding.UTF8.GetByteCount(directory) > MaximumLength)
        {
            throw Unsafe(
                $"directory '{directory}' has too long a name for a socket in it ({OverrideVariable} sets another)",
                null
            );
        }
        try
        {
            Directory.CreateDirectory(directory, OwnerOnly);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unsafe($"directory '{directory}' cannot be made ({e.Message})", e);
        }
        // Looked at after creation: what was there before (a link, someone's directory) was left as it was.
        var entry = PosixOwnership.Find(directory) ?? throw Unsafe($"directory '{directory}' vanished", null);
        if (!entry.IsDirectory)
        {
            throw Unsafe($"'{directory}' is a link or a file instead of a directory", null);
        }
        if (entry.Owner != PosixOwnership.EffectiveUser)
        {
            throw Unsafe($"directory '{directory}' belongs to uid {entry.Owner}", null);
        }
        if ((entry.Permissions & ~OwnerOnly) != 0)
        {
            throw Unsafe(
                $"directory '{directory}' is open to others (mode {Convert.ToString((int)entry.Permissions, 8)})",
                null
            );
        }
        return directory;
    }

    private static TelepresenceException Unsafe(string reason, Exception? inner) =>
        ErrorCatalogue.Error(ErrorId.EngineUnavailable, null, inner, ("reason", reason));

    private static TelepresenceException NotSupported() =>
        ErrorCatalogue.Error(
            ErrorId.PlatformNotYetSupported,
            null,
            ("feature", "The engine"),
            ("platform", Environment.OSVersion.Platform)
        );
}
