using System.Diagnostics;
using Telepresence.ImageBuilder;

// The container image of traffic-manager and traffic-agent as a docker-archive, made without a registry and without root.
try
{
    switch (args)
    {
        case ["--output", var output, "--tag", var tag]:
            await BuildAsync(Path.GetFullPath(output), tag);
            return 0;
        default:
            Console.Error.WriteLine("usage: ImageBuilder --output FILE.tar --tag NAME:TAG");
            return 2;
    }
}
catch (Exception e) when (e is IOException or InvalidDataException)
{
    Console.Error.WriteLine($"ImageBuilder : error TPI0001: {e.Message}");
    return 1;
}

static async Task BuildAsync(string output, string tag)
{
    var begun = Stopwatch.GetTimestamp();
    var repository = FindRepository(Directory.GetCurrentDirectory());
    var work = Path.Combine(repository, "out", "image");
    Directory.CreateDirectory(work);
    Directory.CreateDirectory(Path.GetDirectoryName(output)!);

    var published = await PublishedApplication.PublishAsync(
        Path.Combine(repository, "src", "Telepresence.TrafficManager"),
        Path.Combine(work, "publish")
    );
    // What changes least comes first: a node that has those layers takes only the last one.
    IReadOnlyList<string> layers =
    [
        await RootFileSystem.BuildAsync(Path.Combine(work, "packages"), Path.Combine(work, "root.tar")),
        published.WriteRuntimeLayer(Path.Combine(work, "runtime.tar")),
        published.WriteApplicationLayer(Path.Combine(work, "application.tar")),
    ];
    DockerArchive.Write(output, tag, ImageConfiguration.Default, layers);
    Console.WriteLine(
        $"{output}: {tag}, {new FileInfo(output).Length / 1e6:0.0} MB in {layers.Count} layers, "
            + $"{Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s"
    );
}

static string FindRepository(string folder)
{
    for (var directory = new DirectoryInfo(folder); directory is not null; directory = directory.Parent)
    {
        if (File.Exists(Path.Combine(directory.FullName, "Telepresence.slnx")))
        {
            return directory.FullName;
        }
    }
    throw new IOException($"{folder} is not in the repository");
}
