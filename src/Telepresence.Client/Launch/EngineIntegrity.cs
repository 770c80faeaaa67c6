using System.Security.Cryptography;
using Telepresence.Client.Errors;

namespace Telepresence.Client.Launch;

/// <summary>
/// The engine's files as they were built with the module. What is about to get network privilege is exactly these: a file that
/// differs, is missing or was added (an assembly or a host's configuration would be loaded) is refused.
/// </summary>
/// <remarks>
/// It holds against an engine that was damaged, half updated or exchanged before it is started. It cannot hold against a process
/// of the same user that writes between this check and the start: where that matters, the module is installed for all users,
/// in a folder that only root may change.
/// </remarks>
public sealed class EngineIntegrity
{
    private const int NamedFiles = 3;
    private readonly Dictionary<string, string> _hashes;

    private EngineIntegrity(Dictionary<string, string> hashes) => _hashes = hashes;

    /// <summary>Reads a list of lines as <c>sha256sum</c> writes them: SHA-256 in hexadecimal, blanks, relative path.</summary>
    /// <exception cref="FormatException">A line is not such a pair, or there is none.</exception>
    public static EngineIntegrity Parse(TextReader list)
    {
        ArgumentNullException.ThrowIfNull(list);
        Dictionary<string, string> hashes = new(StringComparer.Ordinal);
        while (list.ReadLine() is { } line)
        {
            var pair = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (pair is not [{ Length: 2 * SHA256.HashSizeInBytes } hash, var name])
            {
                throw new FormatException($"'{line}' is not a hash and a file");
            }
            hashes.Add(name.Replace('\\', '/'), hash);
        }
        return hashes.Count > 0 ? new EngineIntegrity(hashes) : throw new FormatException("the list names no file");
    }

    /// <summary>
    /// Compares every file of the folder that holds <paramref name="assembly"/>: with the whole list, or, where the list has that
    /// folder as a part (an engine compiled ahead for one system), with the part.
    /// </summary>
    /// <exception cref="TelepresenceException">EngineChanged, with the files that differ; EngineUnavailable: one cannot be read.</exception>
    public void Verify(string assembly)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(assembly))!;
        var part = Path.GetFileName(folder) + "/";
        var expected = _hashes.ContainsKey(part + Path.GetFileName(assembly))
            ? _hashes
                .Where(f => f.Key.StartsWith(part, StringComparison.Ordinal))
                .ToDictionary(f => f.Key[part.Length..], f => f.Value, StringComparer.Ordinal)
            : _hashes;
        List<string> faults;
        try
        {
            faults = [.. Differences(folder, expected)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.Error(ErrorId.EngineUnavailable, folder, e, ("reason", e.Message));
        }
        if (faults.Count > 0)
        {
            var more = faults.Count > NamedFiles ? $" and {faults.Count - NamedFiles} more" : "";
            throw ErrorCatalogue.Error(
                ErrorId.EngineChanged,
                folder,
                ("folder", folder),
                ("files", string.Join(", ", faults.Take(NamedFiles)) + more)
            );
        }
    }

    private static IEnumerable<string> Differences(string folder, Dictionary<string, string> expected)
    {
        var missing = expected.Keys.ToHashSet(StringComparer.Ordinal);
        // Hidden ones too: hosts read them like others.
        EnumerationOptions all = new()
        {
            RecurseSubdirectories = true,
            AttributesToSkip = 0,
            IgnoreInaccessible = false,
        };
        foreach (var file in Directory.EnumerateFiles(folder, "*", all).Order(StringComparer.Ordinal))
        {
            var name = Path.GetRelativePath(folder, file).Replace('\\', '/');
            if (!missing.Remove(name))
            {
                yield return $"{name} was added";
            }
            else if (!expected[name].Equals(HashOf(file), StringComparison.OrdinalIgnoreCase))
            {
                yield return $"{name} differs";
            }
        }
        foreach (var name in missing.Order(StringComparer.Ordinal))
        {
            yield return $"{name} is missing";
        }
    }

    private static string HashOf(string file)
    {
        using var content = File.OpenRead(file);
        return Convert.ToHexString(SHA256.HashData(content));
    }
}
