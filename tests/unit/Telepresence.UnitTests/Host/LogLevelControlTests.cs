using Microsoft.Extensions.Logging;
using Telepresence.Engine.Host;

namespace Telepresence.UnitTests.Host;

public sealed class LogLevelControlTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-log-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_logged_follows_the_level()
    {
        var path = Path.Combine(_folder, "engine.log");
        using LogLevelControl level = new(TimeProvider.System);
        using BoundedFileLoggerProvider provider = new(path, TimeProvider.System, level);
        var logger = provider.CreateLogger("X");

        Log(logger, LogLevel.Debug, "not yet");
        level.Set(LogLevel.Debug, duration: null);
        Log(logger, LogLevel.Debug, "now");
        level.Set(LogLevel.Error, duration: null);
        Log(logger, LogLevel.Warning, "no more");
        provider.Dispose();

        Assert.Equal("X: now", Assert.Single(File.ReadAllLines(path))[^6..]);
    }

    private static void Log(ILogger logger, LogLevel level, string text) =>
        logger.Log(level, default, text, null, (message, _) => message);
}
