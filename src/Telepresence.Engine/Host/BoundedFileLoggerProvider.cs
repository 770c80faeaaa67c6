using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Telepresence.Engine.Host;

/// <summary>
/// Logs to one file and, when that is full, a fresh one; the full one stays as <c>.1</c>. A disk that is full or a folder that
/// may not be written costs log lines, never the engine.
/// </summary>
internal sealed class BoundedFileLoggerProvider : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly LogLevelControl? _level;
    private readonly long _limit;
    private StreamWriter? _writer;
    private long _written;

    /// <param name="level">Null: information and above.</param>
    /// <param name="limit">Bytes after which the file is put aside.</param>
    public BoundedFileLoggerProvider(
        string path,
        TimeProvider time,
        LogLevelControl? level = null,
        long limit = 8 << 20
    )
    {
        _level = level;
        _path = path;
        _time = time;
        _limit = limit;
        Open();
    }

    /// <summary>Lines that could not be written.</summary>
    public long Lost { get; private set; }

    public ILogger CreateLogger(string categoryName) =>
        new FileLogger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
        lock (_lock)
        {
            _writer?.Dispose();
            _writer = null;
        }
    }

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{_time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {level, -11} {category}: {message}{(exception is null ? "" : $"\n{exception}")}"
        );
        lock (_lock)
        {
            if (_writer is null)
            {
                Lost++;
                return;
            }
            try
            {
                _writer.WriteLine(line);
                _written += Encoding.UTF8.GetByteCount(line) + 1;
                if (_written > _limit)
                {
                    _writer.Dispose();
                    File.Move(_path, _path + ".1", overwrite: true);
                    Open();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Lost++;
            }
        }
    }

    private void Open()
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            FileStream file = new(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            _written = file.Length;
            _writer = new StreamWriter(file) { AutoFlush = true };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _writer = null;
        }
    }

    private sealed class FileLogger(BoundedFileLoggerProvider provider, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) =>
            logLevel >= (provider._level?.Lowest ?? LogLevel.Information) && logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            if (IsEnabled(logLevel))
            {
                provider.Write(logLevel, category, formatter(state, exception), exception);
            }
        }
    }
}
