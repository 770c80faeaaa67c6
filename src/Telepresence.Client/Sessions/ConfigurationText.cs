using System.Collections;
using System.Globalization;

namespace Telepresence.Client.Sessions;

/// <summary>Values of a script as the text that a configuration key is set to.</summary>
public static class ConfigurationText
{
    /// <summary>
    /// Booleans, numbers, durations and text as themselves; a dictionary with name and aliasFor as <c>name=aliasFor</c>; what
    /// can be enumerated, item by item.
    /// </summary>
    public static IEnumerable<string> Of(object? value) =>
        value switch
        {
            null => [],
            string text => [text],
            bool flag => [flag ? "true" : "false"],
            TimeSpan duration => [string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.#######}s")],
            IDictionary mapping => [$"{mapping["name"]}={mapping["aliasFor"]}"],
            IEnumerable items => items.Cast<object?>().SelectMany(Of),
            IFormattable other => [other.ToString(null, CultureInfo.InvariantCulture)],
            _ => [value.ToString() ?? ""],
        };
}
