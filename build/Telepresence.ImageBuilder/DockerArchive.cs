using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Telepresence.ImageBuilder;

/// <summary>
/// An image in the form that <c>docker save</c> writes and <c>docker load</c>, <c>ctr images import</c>, <c>kind load</c> and
/// <c>minikube image load</c> read: manifest.json, a configuration (OCI image specification), layers.
/// </summary>
internal static class DockerArchive
{
    private static readonly DateTimeOffset _time = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="file">The archive.</param>
    /// <param name="tag"><c>NAME:TAG</c>, with the registry's host where the image is to have one.</param>
    /// <param name="configuration">How it runs.</param>
    /// <param name="layers">Tar files, the lowest first.</param>
    public static void Write(string file, string tag, ImageConfiguration configuration, IReadOnlyList<string> layers)
    {
        var digests = layers.Select(Digest).ToList();
        var config = JsonSerializer.SerializeToUtf8Bytes(Configuration(configuration, digests));
        var name = Convert.ToHexStringLower(SHA256.HashData(config)) + ".json";
        var manifest = JsonSerializer.SerializeToUtf8Bytes(
            new JsonArray(
                new JsonObject
                {
                    ["Config"] = name,
                    ["RepoTags"] = new JsonArray(tag),
                    ["Layers"] = ToArray(digests.Select(LayerName)),
                }
            )
        );
        using var stream = File.Create(file);
        using var writer = new TarWriter(stream, TarEntryFormat.Ustar);
        Add(writer, "manifest.json", new MemoryStream(manifest));
        Add(writer, name, new MemoryStream(config));
        foreach (var (layer, digest) in layers.Zip(digests))
        {
            using var content = File.OpenRead(layer);
            Add(writer, LayerName(digest), content);
        }
    }

    private static JsonObject Configuration(ImageConfiguration configuration, List<string> digests) =>
        new()
        {
            ["architecture"] = "amd64",
            ["os"] = "linux",
            ["created"] = _time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
            ["config"] = new JsonObject
            {
                ["User"] = configuration.User,
                ["Env"] = ToArray(configuration.Environment),
                ["Entrypoint"] = ToArray(configuration.EntryPoint),
                ["WorkingDir"] = "/",
            },
            ["rootfs"] = new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = ToArray(digests.Select(digest => $"sha256:{digest}")),
            },
            ["history"] = new JsonArray([
                .. digests.Select(_ => (JsonNode)new JsonObject { ["created_by"] = "Telepresence.ImageBuilder" }),
            ]),
        };

    private static string LayerName(string digest) => $"{digest}.tar";

    private static JsonArray ToArray(IEnumerable<string> values) =>
        [.. values.Select(value => JsonValue.Create(value))];

    private static string Digest(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static void Add(TarWriter writer, string name, Stream content) =>
        writer.WriteEntry(
            new UstarTarEntry(TarEntryType.RegularFile, name) { ModificationTime = _time, DataStream = content }
        );
}
