using System.Formats.Tar;
using Telepresence.ImageBuilder;

namespace Telepresence.UnitTests.ImageBuilder;

public sealed class LayerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-layer-").FullName;

    [Fact]
    public void Equal_content_makes_equal_bytes_in_whatever_order_it_is_added()
    {
        var one = new Layer();
        one.AddFile("usr/lib/b", [1, 2, 3]);
        one.AddLink("lib", "usr/lib");
        one.AddFile("usr/bin/a", [4], executable: true);
        var other = new Layer();
        other.AddFile("usr/bin/a", [4], executable: true);
        other.AddFile("usr/lib/b", [1, 2, 3]);
        other.AddLink("lib", "usr/lib");

        Assert.Equal(
            File.ReadAllBytes(one.WriteTo(Path.Combine(_folder, "one.tar"))),
            File.ReadAllBytes(other.WriteTo(Path.Combine(_folder, "other.tar")))
        );
    }

    [Fact]
    public void Folders_come_before_what_is_in_them_and_everything_is_roots()
    {
        var layer = new Layer();
        layer.AddFile("usr/bin/a", [4], executable: true);
        layer.AddFile("etc/plain", []);
        layer.AddLink("bin", "usr/bin");

        using var reader = new TarReader(File.OpenRead(layer.WriteTo(Path.Combine(_folder, "layer.tar"))));
        List<string> lines = [];
        while (reader.GetNextEntry() is { } entry)
        {
            Assert.Equal((0, 0), (entry.Uid, entry.Gid));
            lines.Add($"{Convert.ToString((int)entry.Mode, 8)} {entry.Name} {entry.LinkName}".TrimEnd());
        }
        Assert.Equal(
            ["777 bin usr/bin", "755 etc/", "644 etc/plain", "755 usr/", "755 usr/bin/", "755 usr/bin/a"],
            lines
        );
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
