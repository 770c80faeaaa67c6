using System.Globalization;
using System.Text;

namespace Telepresence.Engine.Engagements.Volumes;

/// <summary>A row of /proc/self/mountinfo (proc(5)).</summary>
internal sealed record MountTableRow(string MountPoint, string FileSystem, string Source);

/// <summary>What is mounted in this process's mount namespace.</summary>
internal static class MountTable
{
    private const string Path = "/proc/self/mountinfo";

    public static IReadOnlyList<MountTableRow> Read() => Parse(File.ReadLines(Path));

    internal static IReadOnlyList<MountTableRow> Parse(IEnumerable<string> lines)
    {
        var rows = new List<MountTableRow>();
        foreach (var line in lines)
        {
            // Optional fields end with a lone dash.
            var halves = line.Split(" - ", 2);
            var before = halves[0].Split(' ');
            var after = halves.Length > 1 ? halves[1].Split(' ') : [];
            if (before.Length > 4 && after.Length > 1)
                rows.Add(new MountTableRow(Unescape(before[4]), after[0], Unescape(after[1])));
        }
        return rows;
    }

    /// <summary>Space, tab, line feed and backslash stand there in octal.</summary>
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
            return text;
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                result.Append((char)Convert.ToInt32(text.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                result.Append(text[i]);
            }
        }
        return result.ToString();
    }
}

/// <summary>Which process mounted something: its number and when it began, so that a later one of that number is another.</summary>
internal sealed record MountOwner(int ProcessId, long StartTime)
{
    private const string Prefix = "telepresence-";

    /// <summary>This process.</summary>
    public static MountOwner Self { get; } = new(Environment.ProcessId, StartTimeOf(Environment.ProcessId) ?? 0);

    public bool IsAlive => StartTimeOf(ProcessId) == StartTime;

    /// <summary>What stands in the mount table as the source.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{ProcessId}-{StartTime}");

    /// <summary>Null when the source is not one of ours.</summary>
    public static MountOwner? Parse(string source)
    {
        var parts = source.StartsWith(Prefix, StringComparison.Ordinal) ? source[Prefix.Length..].Split('-') : [];
        return
            parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var process)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            ? new MountOwner(process, start)
            : null;
    }

    /// <summary>Clock ticks since boot: field 22 of /proc/PID/stat, after a name that may hold spaces and parentheses.</summary>
    private static long? StartTimeOf(int process)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return long.Parse(fields[22 - 3], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
