namespace Telepresence.Engine.Session.Configuration;

/// <summary>Values as Set-TelepresenceConfiguration brings them: text, several for a list.</summary>
internal static class ConfigurationInput
{
    /// <summary>Reads a key's value by the same rules as the files'.</summary>
    /// <param name="values">One for a single value; any number for a list, each perhaps with commas.</param>
    /// <exception cref="FormatException">The value cannot be used; the message follows the key.</exception>
    public static object Read(ConfigurationKey key, IReadOnlyList<string> values)
    {
        if (values.FirstOrDefault(v => v.Any(char.IsControl)) is { } bad)
            throw new FormatException(
                $"'{new string([.. bad.Where(c => !char.IsControl(c))])}' has control characters"
            );
        if (!key.IsList)
            return values is [{ Length: > 0 } one]
                ? ConfigurationValues.Read(key, Node(one))
                : throw new FormatException("takes exactly one value");
        var items = values.SelectMany(value => ConfigurationValues.Split(value)).Select(Node);
        return ConfigurationValues.Read(key, new YamlList([.. items], IsFlow: true, 0, 0, 0, 0));
    }

    private static YamlText Node(string text) => new(text, IsPlain: false, 0, 0, 0, 0);
}
