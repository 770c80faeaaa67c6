using System.Text.Json;
using System.Text.Json.Nodes;
using Telepresence.Peers.Lab;

namespace Telepresence.Peers.Report;

/// <summary>The figures for programs: <c>{figure: {unit, ours, raw, forwarded, ours_min, …}}</c>.</summary>
internal static class JsonFile
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    public static string Text(Figures figures)
    {
        var all = new JsonObject();
        foreach (var (name, figure) in figures.All)
        {
            var entry = new JsonObject { ["unit"] = figure.Unit };
            foreach (var column in Network.Workstations)
            {
                var values = figure.Of(column);
                entry[column] = figure.Median(column);
                entry[$"{column}_min"] = values.Count > 0 ? values.Min() : null;
                entry[$"{column}_max"] = values.Count > 0 ? values.Max() : null;
                entry[$"{column}_runs"] = values.Count;
            }
            all[name] = entry;
        }
        return all.ToJsonString(_indented);
    }
}
