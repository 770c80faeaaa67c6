using System.Diagnostics;
using System.Globalization;

namespace Telepresence.E2ETests.Demo;

/// <summary>The descendants of a process, from /proc.</summary>
internal static class ProcessFamily
{
    /// <summary>All that descend from it at this moment, itself not included.</summary>
    public static IReadOnlyList<Process> Of(int ancestor)
    {
        var parents = new Dictionary<int, int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var id))
            {
                parents[id] = ParentOf(directory);
            }
        }
        return [.. parents.Keys.Where(Descends).Select(Open).OfType<Process>()];

        bool Descends(int id)
        {
            var at = id;
            while (parents.TryGetValue(at, out var parent) && parent != 0)
            {
                if (parent == ancestor)
                {
                    return true;
                }
                at = parent;
            }
            return false;
        }
    }

    private static int ParentOf(string directory)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(directory, "stat"));
            // The name before it, in parentheses, may hold blanks.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return int.Parse(fields[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static Process? Open(int id)
    {
        try
        {
            return Process.GetProcessById(id);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
