using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Telepresence.Engine.Dns;

/// <summary>
/// resolv.conf with our name server in it, and the way back. The original waits beside it, a symbolic link as a link.
/// The first line says what we wrote, so that a later edit is told from our own text and kept.
/// </summary>
/// <param name="owner">Who writes, see <see cref="ProcessIdentity"/>.</param>
internal sealed class ResolvConfFile(string path, string owner)
{
    private const string Marker = "# Telepresence for PowerShell serves DNS here; the original is beside this file. ";
    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Where the original is while ours is in place.</summary>
    public string BackupPath => path + ".telepresence";

    private string DraftPath => path + ".telepresence-new";

    /// <summary>Names <paramref name="server"/> in the place of all name servers; everything else stays.</summary>
    public void Take(IPAddress server)
    {
        var present = File.ReadAllText(path);
        if (ReadMarker(present) is null)
            BackUp();
        var body = new StringBuilder().Append("nameserver ").Append(server).Append('\n');
        foreach (var line in File.ReadAllLines(BackupPath).Where(line => !IsNameServer(line)))
            body.Append(line).Append('\n');
        var text = body.ToString();
        var wanted = $"{Marker}{server} {owner} {Fingerprint(text)}\n{text}";
        if (wanted != present)
            Replace(wanted);
    }

    /// <summary>Puts the original back, unless the file has become somebody else's. Returns what was done; null: nothing.</summary>
    /// <param name="isAlive">Tells whether another writer still runs, whose file is then left alone.</param>
    public string? Restore(Func<string, bool> isAlive)
    {
        if (!Exists(BackupPath))
            return null;
        if (!File.Exists(path))
        {
            PutBack();
            return $"restored {path}";
        }
        var text = File.ReadAllText(path);
        if (ReadMarker(text) is not { } marker)
        {
            // Somebody wrote a file of their own over ours: theirs is newer than the original.
            File.Delete(BackupPath);
            return $"removed {BackupPath}";
        }
        if (marker.Owner != owner && isAlive(marker.Owner))
            return null;
        if (marker.IsUntouched)
        {
            PutBack();
            return $"restored {path}";
        }
        Replace(WithoutOurs(text, marker.Server));
        File.Delete(BackupPath);
        return $"took our name server out of {path}, which had been edited";
    }

    private void BackUp()
    {
        File.Delete(BackupPath);
        if (new FileInfo(path).LinkTarget is { } target)
            File.CreateSymbolicLink(BackupPath, target);
        else
            File.Copy(path, BackupPath);
    }

    private void PutBack()
    {
        try
        {
            File.Move(BackupPath, path, overwrite: true);
        }
        catch (IOException) when (Exists(BackupPath) && File.Exists(path))
        {
            // A mount point (containers) cannot be replaced, only written to.
            Overwrite(path, File.ReadAllText(BackupPath));
            File.Delete(BackupPath);
        }
    }

    private void Replace(string text)
    {
        using (var draft = new FileStream(DraftPath, FileMode.Create, FileAccess.Write))
        {
            draft.Write(Encoding.UTF8.GetBytes(text));
            draft.Flush(flushToDisk: true);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(draft.SafeFileHandle, Mode);
        }
        try
        {
            File.Move(DraftPath, path, overwrite: true);
        }
        catch (IOException) when (File.Exists(DraftPath) && File.Exists(path))
        {
            Overwrite(path, text);
            File.Delete(DraftPath);
        }
    }

    /// <summary>Never empty in between: a program that looks up a name just then would find no name server.</summary>
    internal static void Overwrite(string path, string text)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.SetLength(file.Position);
    }

    /// <summary>The edited file with the original's name servers in the place of ours.</summary>
    private string WithoutOurs(string text, string server)
    {
        var originals = File.Exists(BackupPath) ? File.ReadAllLines(BackupPath).Where(IsNameServer) : [];
        var kept = text.Split('\n')
            .Where(line => !line.StartsWith(Marker, StringComparison.Ordinal))
            .SelectMany(line =>
                IsNameServer(line) && line.Contains(server, StringComparison.Ordinal) ? originals : [line]
            );
        return string.Join('\n', kept);
    }

    private static (string Server, string Owner, bool IsUntouched)? ReadMarker(string text)
    {
        if (!text.StartsWith(Marker, StringComparison.Ordinal))
            return null;
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        var words = (end < 0 ? text : text[..end])[Marker.Length..].Split(' ');
        var body = end < 0 ? "" : text[(end + 1)..];
        return words is [var server, var owner, var fingerprint]
            ? (server, owner, fingerprint == Fingerprint(body))
            : (words[0], "", false);
    }

    private static string Fingerprint(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static bool IsNameServer(string line) =>
        line.TrimStart().StartsWith("nameserver", StringComparison.Ordinal);

    /// <summary>Also a link that leads nowhere.</summary>
    private static bool Exists(string file) => File.Exists(file) || new FileInfo(file).LinkTarget is not null;
}
