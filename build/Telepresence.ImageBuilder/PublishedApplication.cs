using System.Text.Json;

namespace Telepresence.ImageBuilder;

/// <summary>The traffic-manager with the .NET runtime it runs on, told apart: the runtime changes far more seldom.</summary>
internal sealed class PublishedApplication
{
    /// <summary>Folder in the image.</summary>
    public const string Folder = "app";

    /// <summary>Program in <see cref="Folder"/>.</summary>
    public const string Program = "Telepresence.TrafficManager";

    // For debuggers and dumps, which a read-only container without tools has no use for; and alternative collectors.
    private static readonly string[] _unused =
    [
        "createdump",
        "libmscordaccore.so",
        "libmscordbi.so",
        "libcoreclrtraceptprovider.so",
        "libclrgc.so",
        "libclrgcexp.so",
        $"{Program}.staticwebassets.endpoints.json",
    ];

    private readonly string _folder;
    private readonly HashSet<string> _runtime;

    private PublishedApplication(string folder, HashSet<string> runtime)
    {
        _folder = folder;
        _runtime = runtime;
    }

    /// <summary>Publishes self-contained for linux-x64.</summary>
    /// <exception cref="IOException">It does not build.</exception>
    public static async Task<PublishedApplication> PublishAsync(string project, string folder)
    {
        if (Directory.Exists(folder))
        {
            // What an earlier version left must not go into the image.
            Directory.Delete(folder, recursive: true);
        }
        await Commands.RunAsync(
            project,
            "dotnet",
            [
                "publish",
                "--configuration",
                "Release",
                "--runtime",
                "linux-x64",
                "--self-contained",
                "--output",
                folder,
                "-nologo",
                "-v",
                "q",
                "-p:RunAnalyzers=false",
                "-p:GenerateDocumentationFile=false",
            ]
        );
        await using var dependencies = File.OpenRead(Path.Combine(folder, $"{Program}.deps.json"));
        return new PublishedApplication(folder, ReadRuntimeFiles(dependencies));
    }

    /// <summary>The files of the .NET runtime, as <c>deps.json</c> names them.</summary>
    /// <exception cref="InvalidDataException">No self-contained publish.</exception>
    public static HashSet<string> ReadRuntimeFiles(Stream dependencies)
    {
        using var document = JsonDocument.Parse(dependencies);
        var files = new HashSet<string>(StringComparer.Ordinal);
        foreach (var target in document.RootElement.GetProperty("targets").EnumerateObject())
        {
            foreach (var library in target.Value.EnumerateObject())
            {
                if (library.Name.StartsWith("runtimepack.", StringComparison.Ordinal))
                {
                    files.UnionWith(Files(library.Value, "runtime"));
                    files.UnionWith(Files(library.Value, "native"));
                }
            }
        }
        return files.Count > 0
            ? files
            : throw new InvalidDataException("the published application brings no .NET runtime along");
    }

    public string WriteRuntimeLayer(string file) => WriteLayer(file, _runtime.Contains);

    public string WriteApplicationLayer(string file) => WriteLayer(file, name => !_runtime.Contains(name));

    private static IEnumerable<string> Files(JsonElement library, string kind) =>
        library.TryGetProperty(kind, out var files) ? files.EnumerateObject().Select(file => file.Name) : [];

    private string WriteLayer(string file, Func<string, bool> belongs)
    {
        var layer = new Layer();
        foreach (var path in Directory.EnumerateFiles(_folder))
        {
            var name = Path.GetFileName(path);
            if (belongs(name) && !_unused.Contains(name))
            {
                layer.AddFile($"{Folder}/{name}", File.ReadAllBytes(path), executable: name == Program);
            }
        }
        return layer.WriteTo(file);
    }
}
