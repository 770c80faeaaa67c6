using System.Text.Json.Nodes;

namespace Telepresence.Engine.Installation.Values;

/// <summary>Puts values over others as helm does: mappings merge key by key, null removes a key, all else replaces.</summary>
internal static class ValuesMerge
{
    /// <returns>A tree that shares nothing with the two.</returns>
    public static JsonObject Over(JsonObject upper, JsonObject lower)
    {
        JsonObject merged = [];
        foreach (var (key, value) in lower)
        {
            if (!upper.ContainsKey(key) && value is not null)
            {
                merged[key] = Clean(value);
            }
        }
        foreach (var (key, value) in upper)
        {
            if (value is JsonObject section)
            {
                merged[key] = Over(section, lower[key] as JsonObject ?? []);
            }
            else if (value is not null)
            {
                merged[key] = Clean(value);
            }
        }
        return merged;
    }

    /// <summary>A null that removes nothing says nothing.</summary>
    private static JsonNode Clean(JsonNode value) =>
        value is JsonObject section ? Over(section, []) : value.DeepClone();
}
