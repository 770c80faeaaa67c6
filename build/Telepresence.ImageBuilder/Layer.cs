using System.Formats.Tar;

namespace Telepresence.ImageBuilder;

/// <summary>
/// A layer of an image. Equal content makes equal bytes: entries are sorted, belong to root, and have one fixed time.
/// </summary>
internal sealed class Layer
{
    private const UnixFileMode Executable =
        UnixFileMode.UserRead
        | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherExecute;

    private const UnixFileMode Plain =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly DateTimeOffset _time = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly SortedDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Names of what is in it, sorted.</summary>
    public IEnumerable<string> Names => _entries.Keys;

    /// <param name="path">Without leading slash, as all paths here.</param>
    public void AddFile(string path, byte[] content, bool executable = false) =>
        Add(path, new Entry(TarEntryType.RegularFile, executable ? Executable : Plain, content, null));

    /// <summary>A folder, also one that others may write to (<c>/tmp</c>).</summary>
    public void AddDirectory(string path, UnixFileMode mode = Executable) =>
        Add(path, new Entry(TarEntryType.Directory, mode, null, null));

    /// <summary>A symbolic link.</summary>
    public void AddLink(string path, string target) =>
        Add(
            path,
            new Entry(
                TarEntryType.SymbolicLink,
                Executable | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite,
                null,
                target
            )
        );

    /// <summary>Writes the layer as tar (POSIX ustar).</summary>
    /// <returns><paramref name="file"/>.</returns>
    public string WriteTo(string file)
    {
        using var stream = File.Create(file);
        using var writer = new TarWriter(stream, TarEntryFormat.Ustar);
        foreach (var (path, entry) in _entries)
        {
            writer.WriteEntry(ToTar(path, entry));
        }
        return file;
    }

    private static UstarTarEntry ToTar(string path, Entry entry)
    {
        var name = entry.Type == TarEntryType.Directory ? path + "/" : path;
        var tar = new UstarTarEntry(entry.Type, name) { Mode = entry.Mode, ModificationTime = _time };
        if (entry.Target is not null)
        {
            tar.LinkName = entry.Target;
        }
        if (entry.Content is not null)
        {
            tar.DataStream = new MemoryStream(entry.Content);
        }
        return tar;
    }

    private void Add(string path, Entry entry)
    {
        // Folders above it come first, so that they get a defined mode.
        for (var slash = path.IndexOf('/'); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            _entries.TryAdd(path[..slash], new Entry(TarEntryType.Directory, Executable, null, null));
        }
        _entries[path] = entry;
    }

    private sealed record Entry(TarEntryType Type, UnixFileMode Mode, byte[]? Content, string? Target);
}
