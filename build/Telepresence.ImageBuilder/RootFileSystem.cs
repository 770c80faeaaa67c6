using System.Formats.Tar;
using System.Text;

namespace Telepresence.ImageBuilder;

/// <summary>
/// The lowest layer: what .NET, sftp-server and nft need of Debian, from packages of the release this machine runs. Nothing of
/// it is installed; no maintainer script runs.
/// </summary>
internal static class RootFileSystem
{
    private const UnixFileMode Shared = (UnixFileMode)0b111_111_111 | UnixFileMode.StickyBit;

    // .NET needs the first row, the others are nft's and sftp-server's. With what they depend on, apart from what only
    // maintainer scripts use.
    private static readonly string[] _packages =
    [
        "libc6",
        "libgcc-s1",
        "libstdc++6",
        "libssl3",
        "zlib1g",
        "openssh-sftp-server",
        "nftables",
        "libnftables1",
        "libnftnl11",
        "libmnl0",
        "libxtables12",
        "libjansson4",
        "libgmp10",
        "libedit2",
        "libbsd0",
        "libmd0",
        "libtinfo6",
    ];

    private static readonly string[] _merged = ["bin", "lib", "lib64", "sbin"];

    private static readonly string[] _skipped =
    [
        "usr/share/doc/",
        "usr/share/man/",
        "usr/share/info/",
        "usr/share/lintian/",
        "usr/share/locale/",
        "usr/share/bash-completion/",
        "usr/lib/systemd/",
        "usr/lib/x86_64-linux-gnu/gconv/",
        "etc/init.d/",
    ];

    /// <summary>Downloads what is not in the cache yet and writes the layer.</summary>
    /// <exception cref="IOException">A package cannot be had, or has no such form.</exception>
    public static async Task<string> BuildAsync(string cache, string layerFile)
    {
        var packages = await DebianPackages.DownloadAsync(cache, _packages);
        var layer = new Layer();
        foreach (var package in packages)
        {
            await using var files = DebianPackages.OpenFiles(package);
            await AddAsync(layer, files);
        }
        foreach (var folder in _merged)
        {
            layer.AddLink(folder, $"usr/{folder}");
        }
        foreach (var folder in new[] { "dev", "home/telepresence", "proc", "run", "sys", "var" })
        {
            layer.AddDirectory(folder);
        }
        layer.AddDirectory("tmp", Shared);
        AddText(layer, "etc/nsswitch.conf", "hosts: files dns\n");
        // .NET looks its user up: an id without a name would be an error.
        AddText(
            layer,
            "etc/passwd",
            "root:x:0:0:root:/:/usr/sbin/nologin\n"
                + $"{ImageConfiguration.UserName}:x:{ImageConfiguration.UserId}:{ImageConfiguration.UserId}::/home/telepresence:/usr/sbin/nologin\n"
        );
        AddText(layer, "etc/group", $"root:x:0:\n{ImageConfiguration.UserName}:x:{ImageConfiguration.UserId}:\n");
        return layer.WriteTo(layerFile);
    }

    private static async Task AddAsync(Layer layer, Stream files)
    {
        await using var reader = new TarReader(files);
        while (await reader.GetNextEntryAsync() is { } entry)
        {
            var path = Place(entry.Name);
            if (path.Length == 0 || _skipped.Any(skipped => (path + "/").StartsWith(skipped, StringComparison.Ordinal)))
            {
                continue;
            }
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                    using (var content = new MemoryStream())
                    {
                        await (entry.DataStream ?? Stream.Null).CopyToAsync(content);
                        layer.AddFile(path, content.ToArray(), entry.Mode.HasFlag(UnixFileMode.UserExecute));
                    }
                    break;
                case TarEntryType.SymbolicLink:
                    layer.AddLink(path, entry.LinkName);
                    break;
                case TarEntryType.Directory:
                    layer.AddDirectory(path);
                    break;
                default:
                    throw new IOException(
                        $"{entry.Name} is of the kind {entry.EntryType}, which no package here has had"
                    );
            }
        }
    }

    /// <summary>Packages of Debian 12 still name files below /lib and the like, which are links to the folders in /usr.</summary>
    private static string Place(string name)
    {
        var path = (name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name).TrimEnd('/');
        var top = path.Split('/')[0];
        return path == "." ? ""
            : _merged.Contains(top) ? "usr/" + path
            : path;
    }

    private static void AddText(Layer layer, string path, string text) =>
        layer.AddFile(path, Encoding.UTF8.GetBytes(text));
}
