using System.Diagnostics;

namespace Telepresence.ImageBuilder;

/// <summary>Debian packages as files: apt fetches them from wherever this machine has them from, dpkg-deb opens them.</summary>
internal static class DebianPackages
{
    /// <summary>The packages' files in a folder; what lies there already is not fetched again.</summary>
    /// <exception cref="IOException">apt knows no such package, or cannot fetch it.</exception>
    public static async Task<IReadOnlyList<string>> DownloadAsync(string folder, IReadOnlyList<string> packages)
    {
        Directory.CreateDirectory(folder);
        var missing = packages.Where(package => Find(folder, package) is null).ToArray();
        if (missing.Length > 0)
        {
            await Commands.RunAsync(folder, "apt-get", ["download", "-q", .. missing]);
        }
        return
        [
            .. packages.Select(package =>
                Find(folder, package) ?? throw new IOException($"apt-get download left no {package} in {folder}")
            ),
        ];
    }

    /// <summary>What the package would install, as a tar stream.</summary>
    public static Stream OpenFiles(string package)
    {
        // One package at a time, the largest has 13 MB: its files fit into memory.
        var start = new ProcessStartInfo("dpkg-deb", ["--fsys-tarfile", package]) { RedirectStandardOutput = true };
        using var process = Commands.Start(start);
        var files = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(files);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new IOException($"dpkg-deb cannot read {package}");
        }
        files.Position = 0;
        return files;
    }

    private static string? Find(string folder, string package) =>
        Directory.EnumerateFiles(folder, $"{package}_*.deb").Order(StringComparer.Ordinal).LastOrDefault();
}
