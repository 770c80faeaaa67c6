using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using Telepresence.ImageBuilder;

namespace Telepresence.UnitTests.ImageBuilder;

public sealed class DockerArchiveTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-archive-").FullName;

    [Fact]
    public void The_configuration_names_each_layer_by_its_digest_lowest_first()
    {
        var low = new Layer();
        low.AddFile("etc/low", [1]);
        var high = new Layer();
        high.AddFile("etc/high", [2]);
        string[] layers =
        [
            low.WriteTo(Path.Combine(_folder, "low.tar")),
            high.WriteTo(Path.Combine(_folder, "high.tar")),
        ];
        var digests = layers
            .Select(file => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))))
            .ToArray();
        var archive = Path.Combine(_folder, "image.tar");
        DockerArchive.Write(archive, "registry.test/manager:1", ImageConfiguration.Default, layers);

        var entries = Read(archive);
        var manifest = JsonDocument.Parse(entries["manifest.json"]).RootElement[0];
        Assert.Equal("registry.test/manager:1", manifest.GetProperty("RepoTags")[0].GetString());
        Assert.Equal(
            layers.Select(File.ReadAllBytes),
            manifest.GetProperty("Layers").EnumerateArray().Select(name => entries[name.GetString()!])
        );
        var configuration = JsonDocument.Parse(entries[manifest.GetProperty("Config").GetString()!]).RootElement;
        Assert.Equal(
            digests.Select(digest => $"sha256:{digest}"),
            configuration.GetProperty("rootfs").GetProperty("diff_ids").EnumerateArray().Select(id => id.GetString())
        );
        // Kubernetes accepts runAsNonRoot only where the user is a number, and not 0.
        Assert.Equal("1000:1000", configuration.GetProperty("config").GetProperty("User").GetString());
    }

    private static Dictionary<string, byte[]> Read(string archive)
    {
        using var reader = new TarReader(File.OpenRead(archive));
        Dictionary<string, byte[]> entries = [];
        while (reader.GetNextEntry() is { } entry)
        {
            using var content = new MemoryStream();
            entry.DataStream!.CopyTo(content);
            entries[entry.Name] = content.ToArray();
        }
        return entries;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
