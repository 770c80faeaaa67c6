using System.Text;
using Telepresence.Client.Launch;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>The user's config.yml: replaced as a whole, so that nobody ever reads half of it.</summary>
internal static class UserConfigurationFile
{
    private const int Attempts = 5;

    /// <summary>Changes the text; made, with its directories, when there is none.</summary>
    /// <param name="edit">Given the text without byte order mark, makes another; may be called several times.</param>
    /// <param name="dryRun">Reads and edits only.</param>
    /// <returns>The text before and after.</returns>
    /// <exception cref="InvalidConfigurationException">It cannot be read or written.</exception>
    public static (string Before, string After) Edit(string path, Func<string, string> edit, bool dryRun)
    {
        try
        {
            // A link stays one: what it points to is replaced.
            var link = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true) : null;
            var target = link?.FullName ?? path;
            for (var attempt = 1; ; attempt++)
            {
                var before = File.Exists(target) ? ConfigurationFiles.ReadText(target) : "";
                var after = edit(before);
                if (dryRun || after == before || TryReplace(target, before, after))
                    return (before, after);
                if (attempt == Attempts)
                    throw new InvalidConfigurationException(path, "", "somebody else changes it all the time");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidConfigurationException(path, "", e.Message);
        }
    }

    /// <summary>False when the file is no longer what it was.</summary>
    private static bool TryReplace(string path, string before, string after)
    {
        var directory = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(directory);
        var exists = File.Exists(path);
        var made = Path.Combine(directory, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}");
        try
        {
            using (var stream = new FileStream(made, FileMode.CreateNew, FileAccess.Write))
            {
                if (exists)
                    TakeOver(path, made);
                if (exists && StartsWithMark(path))
                    stream.Write(Encoding.UTF8.Preamble);
                stream.Write(Encoding.UTF8.GetBytes(after));
                stream.Flush(flushToDisk: true);
            }
            if (File.Exists(path) != exists || (exists && ConfigurationFiles.ReadText(path) != before))
                return false;
            if (exists)
                File.Replace(made, path, null);
            else
                File.Move(made, path);
            return true;
        }
        finally
        {
            File.Delete(made);
        }
    }

    /// <summary>Mode, and where this process may, owner and group.</summary>
    private static void TakeOver(string path, string made)
    {
        if (OperatingSystem.IsWindows())
            // File.Replace keeps the access control list there.
            return;
        if (
            OperatingSystem.IsLinux()
            && PosixOwnership.Find(path) is { } entry
            && entry.Owner != PosixOwnership.EffectiveUser
            && !PosixOwnership.TryGive(made, entry.Owner, entry.Group)
        )
            throw new UnauthorizedAccessException($"it belongs to user {entry.Owner}, and would become another's");
        File.SetUnixFileMode(made, File.GetUnixFileMode(path));
    }

    private static bool StartsWithMark(string path)
    {
        using var stream = File.OpenRead(path);
        Span<byte> start = stackalloc byte[3];
        return stream.ReadAtLeast(start, 3, throwOnEndOfStream: false) == 3
            && start.SequenceEqual(Encoding.UTF8.Preamble);
    }
}
