using Microsoft.Extensions.Logging;
using Telepresence.Engine.Host;

namespace Telepresence.UnitTests.Host;

public sealed class BoundedFileLoggerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-log-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Two_files_of_the_limit_are_the_most_there_ever_are()
    {
        var path = Path.Combine(_folder, "logs", "engine.log");
        using (BoundedFileLoggerProvider provider = new(path, TimeProvider.System, limit: 2000))
        {
            var logger = provider.CreateLogger("Telepresence.Engine.X");
            for (var i = 0; i < 1000; i++)
            {
#pragma warning disable CA1848, CA1873, CA2254 // Not a hot path.
                logger.LogInformation($"line {i}");
#pragma warning restore CA1848, CA1873, CA2254
            }
        }
        var files = Directory.GetFiles(Path.GetDirectoryName(path)!);
        Assert.Equal(2, files.Length);
        Assert.All(files, file => Assert.InRange(new FileInfo(file).Length, 0, 2200));
        Assert.Contains(files, file => File.ReadAllText(file).Contains("X: line 999", StringComparison.Ordinal));
    }

    [Fact]
    public void A_path_that_cannot_be_written_costs_lines_only()
    {
        var file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        using BoundedFileLoggerProvider provider = new(Path.Combine(file, "engine.log"), TimeProvider.System);
#pragma warning disable CA1848 // Not a hot path.
        provider.CreateLogger("X").LogInformation("lost");
#pragma warning restore CA1848
        Assert.Equal(1, provider.Lost);
    }
}
