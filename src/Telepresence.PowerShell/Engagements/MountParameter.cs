namespace Telepresence.PowerShell.Engagements;

/// <summary>The forms of -Mount: a path, none, and :ro behind either nothing or a path.</summary>
internal static class MountParameter
{
    private const string None = "none";
    private const string ReadOnly = ":ro";

    /// <returns>Whether anything is mounted, where (null: chosen by the engine), and whether it cannot be written.</returns>
    public static (bool Mounts, string? Path, bool IsReadOnly) Parse(string? value)
    {
        if (value is null)
        {
            return (true, null, false);
        }
        var isReadOnly = value.EndsWith(ReadOnly, StringComparison.OrdinalIgnoreCase);
        var path = isReadOnly ? value[..^ReadOnly.Length] : value;
        return string.Equals(path, None, StringComparison.OrdinalIgnoreCase)
            ? (false, null, false)
            : (true, path.Length > 0 ? path : null, isReadOnly);
    }
}
