using System.Globalization;
using Telepresence.Client.Contract;
using Telepresence.Client.Objects;

namespace Telepresence.Client.Logs;

/// <summary>Reads an engine's log, the file before included, without an engine.</summary>
/// <param name="role">Whose log.</param>
/// <param name="path">The newer of its two files.</param>
public sealed class LogReader(EngineRole role, string path)
{
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";

    /// <summary>The last entries that pass, oldest first; none where there is no log.</summary>
    /// <param name="passes">Which entries.</param>
    /// <param name="last">How many at most.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    public IReadOnlyList<TelepresenceLogEntry> Read(Func<TelepresenceLogEntry, bool> passes, int last)
    {
        var entries = new Queue<TelepresenceLogEntry>();
        foreach (var entry in ReadAll().Where(passes))
        {
            if (entries.Count == last)
            {
                entries.Dequeue();
            }
            entries.Enqueue(entry);
        }
        return [.. entries];
    }

    /// <summary>The text of the newest lines, at most so many characters of it.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public string Tail(int characters)
    {
        var lines = new Queue<string>();
        var length = 0;
        foreach (var line in Lines())
        {
            lines.Enqueue(line);
            length += line.Length + 1;
            while (length > characters)
            {
                length -= lines.Dequeue().Length + 1;
            }
        }
        return string.Join('\n', lines);
    }

    private IEnumerable<TelepresenceLogEntry> ReadAll()
    {
        TelepresenceLogEntry? entry = null;
        foreach (var line in Lines())
        {
            if (Parse(line) is { } next)
            {
                if (entry is not null)
                {
                    yield return entry;
                }
                entry = next;
            }
            else if (entry is not null)
            {
                // An exception goes on in lines of its own.
                entry.Exception += entry.Exception.Length == 0 ? line : $"\n{line}";
            }
        }
        if (entry is not null)
        {
            yield return entry;
        }
    }

    private IEnumerable<string> Lines()
    {
        foreach (var file in new[] { path + ".1", path })
        {
            if (!File.Exists(file))
            {
                continue;
            }
            // The engine appends and puts aside while we read.
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using StreamReader reader = new(stream);
            while (reader.ReadLine() is { } line)
            {
                yield return line;
            }
        }
    }

    /// <summary>Null: it does not begin an entry.</summary>
    private TelepresenceLogEntry? Parse(string line)
    {
        // 2026-11-22T08:00:00.000Z Information Category: message
        var parts = line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        if (
            parts.Length < 3
            || !DateTime.TryParseExact(
                parts[0],
                TimeFormat,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal,
                out var time
            )
            || !Enum.TryParse<LogLevelName>(parts[1], out var level)
            || parts[2].IndexOf(": ", StringComparison.Ordinal) is var colon && colon < 0
        )
        {
            return null;
        }
        return new TelepresenceLogEntry
        {
            Time = time,
            Level = level,
            Category = parts[2][..colon],
            Message = parts[2][(colon + 2)..],
            Engine = role,
        };
    }
}
