using System.Globalization;

namespace Telepresence.Engine.Dns;

/// <summary>Names a process so that another one with its recycled pid, also after a reboot, is told apart.</summary>
internal static class ProcessIdentity
{
    private const int StartTimeField = 19;

    public static string Current { get; } = Of(Environment.ProcessId) ?? "0";

    public static bool IsAlive(string identity) =>
        int.TryParse(identity.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
        && Of(pid) == identity;

    /// <summary>Pid and start time in ticks since boot (proc(5): field 22 of stat); null: no such process.</summary>
    private static string? Of(int pid)
    {
        try
        {
            // The command's name, in parentheses, may itself hold blanks.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return string.Create(CultureInfo.InvariantCulture, $"{pid}.{fields[StartTimeField]}");
        }
        catch (IOException)
        {
            return null;
        }
    }
}
