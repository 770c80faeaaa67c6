using Microsoft.Extensions.Logging;
using Telepresence.Client.Contract;
using Telepresence.Client.Logs;
using Telepresence.Client.Objects;
using Telepresence.Engine.Host;

namespace Telepresence.UnitTests.Client.Logs;

public sealed class LogReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tp-log-").FullName;

    private string LogFile => Path.Combine(_folder, "engine.log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Reads_what_the_engine_writes_exceptions_and_the_file_before_included()
    {
        using (BoundedFileLoggerProvider provider = new(LogFile, TimeProvider.System, limit: 400))
        {
            var logger = provider.CreateLogger("Telepresence.Engine.Session.EngineSession");
            Log(logger, LogLevel.Information, "first: one");
            Log(logger, LogLevel.Error, "second", new InvalidOperationException("x\ny"));
            Log(logger, LogLevel.Warning, "third " + new string('.', 400));
            Log(logger, LogLevel.Critical, "fourth");
        }
        Assert.True(File.Exists(LogFile + ".1"));

        var entries = new LogReader(EngineRole.Network, LogFile).Read(_ => true, 100);

        Assert.Equal(
            [LogLevelName.Information, LogLevelName.Error, LogLevelName.Warning, LogLevelName.Critical],
            entries.Select(e => e.Level)
        );
        Assert.Equal("first: one", entries[0].Message);
        Assert.Equal("EngineSession", entries[0].Category);
        Assert.Equal(DateTimeKind.Utc, entries[0].Time.Kind);
        Assert.Equal("second", entries[1].Message);
        Assert.Contains("InvalidOperationException: x\ny", entries[1].Exception, StringComparison.Ordinal);
        Assert.Equal("", entries[2].Exception);
    }

    [Fact]
    public void Gives_the_last_that_pass()
    {
        Write("Information a: 1", "Warning a: 2", "Warning a: 3", "Information a: 4");

        var entries = new LogReader(EngineRole.User, LogFile).Read(e => e.Level == LogLevelName.Warning, 1);

        Assert.Equal("3", Assert.Single(entries).Message);
        Assert.Equal(EngineRole.User, entries[0].Engine);
    }

    [Fact]
    public void A_file_that_begins_in_the_middle_of_an_exception_or_is_not_there_is_no_fault()
    {
        Assert.Empty(new LogReader(EngineRole.Network, LogFile).Read(_ => true, 10));
        Write("Information a: 1");
        File.WriteAllText(LogFile, "   at Telepresence.X()\n" + File.ReadAllText(LogFile));

        Assert.Equal("1", Assert.Single(new LogReader(EngineRole.Network, LogFile).Read(_ => true, 10)).Message);
    }

    [Fact]
    public void A_tail_is_whole_lines_and_no_longer_than_asked()
    {
        File.WriteAllText(LogFile, "one\ntwo\nthree\n");

        Assert.Equal("two\nthree", new LogReader(EngineRole.Network, LogFile).Tail(10));
        Assert.Equal("", new LogReader(EngineRole.Network, LogFile).Tail(3));
    }

    private static void Log(ILogger logger, LogLevel level, string text, Exception? exception = null) =>
        logger.Log(level, default, text, exception, (message, _) => message);

    private void Write(params string[] lines) =>
        File.WriteAllLines(LogFile, lines.Select(line => $"2026-11-22T08:00:00.000Z {line}"));
}
