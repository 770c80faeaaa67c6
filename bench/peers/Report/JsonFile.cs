using System.Text.Json;
using System.Text.Json.Nodes;

namespace Telepresence.Peers.Report;

/// <summary>
/// The figures for programs: <c>{figure: {unit, ours, raw, slirp4netns, …}}</c> with medians, and for each column
/// <c>…_min</c>, <c>…_max</c> and <c>…_runs</c>. Null: not measured in this run.
/// </summary>
internal static class JsonFile
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    public static string Text(Figures figures)
    {
        var all = new JsonObject();
        var columns = Ways.Columns.Select(w => w.Name).Concat(Ways.SlirpMtus.Select(Ways.SlirpAt)).ToArray();
        foreach (var (name, figure) in figures.All)
        {
            var entry = new JsonObject { ["unit"] = figure.Unit };
            foreach (var column in columns)
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
