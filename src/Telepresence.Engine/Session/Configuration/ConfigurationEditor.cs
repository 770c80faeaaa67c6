namespace Telepresence.Engine.Session.Configuration;

/// <summary>
/// Sets and removes one key in the text of a config.yml or client.yaml; comments, order, blank lines and all other keys stay
/// byte for byte. What comes out is read again, and refused when anything but the key has changed.
/// </summary>
internal static class ConfigurationEditor
{
    /// <summary>The text with the key set.</summary>
    /// <param name="value">As <see cref="ConfigurationValues.Read"/> makes it.</param>
    /// <param name="name">Of the source, for errors.</param>
    /// <exception cref="InvalidConfigurationException">The text is broken, or written so that only a person can edit it.</exception>
    public static string Set(string text, ConfigurationKey key, object value, string name)
    {
        var before = Read(text, name);
        if (before is not (null or YamlMap))
            throw new InvalidConfigurationException(name, "", "must be a mapping of keys", before.Line, before.Column);
        var path = Paths(key).FirstOrDefault(p => Find(before, p) is not null) ?? key.Path;
        var edited = BlockEditing.Set(text, before as YamlMap, path.Split('.'), value).ApplyTo(text);
        var after = Read(edited, name, path);
        var expected = ConfigurationValues.ToText(value);
        return Find(after, path) is { } node && IsEqual(key, node, expected) && SameBesides(before, after, [path])
            ? edited
            : throw ByHand(name, path);
    }

    /// <summary>The text without the key, under any name it has; the same text when it is not there.</summary>
    /// <param name="name">Of the source, for errors.</param>
    /// <exception cref="InvalidConfigurationException">The text is broken, or written so that only a person can edit it.</exception>
    public static string Remove(string text, ConfigurationKey key, string name)
    {
        var before = Read(text, name);
        var paths = Paths(key).Where(p => Find(before, p) is not null).ToArray();
        foreach (var path in paths)
        {
            var root = (YamlMap)Read(text, name, path)!;
            text = (BlockEditing.Remove(text, root, path.Split('.')) ?? throw ByHand(name, path)).ApplyTo(text);
        }
        var after = Read(text, name, key.Path);
        return paths.All(p => Find(after, p) is null) && SameBesides(before, after, paths)
            ? text
            : throw ByHand(name, key.Path);
    }

    private static IEnumerable<string> Paths(ConfigurationKey key) => key.OldPaths.Prepend(key.Path);

    private static YamlTreeNode? Read(string text, string name) => ClientConfigurationReader.Parse(text, name);

    /// <summary>Reads what was edited: where that is broken, the text before was beyond this editor.</summary>
    private static YamlTreeNode? Read(string text, string name, string path)
    {
        try
        {
            return Read(text, name);
        }
        catch (InvalidConfigurationException)
        {
            throw ByHand(name, path);
        }
    }

    private static YamlTreeNode? Find(YamlTreeNode? root, string path)
    {
        foreach (var segment in path.Split('.'))
            root = (root as YamlMap)?.Find(segment)?.Value;
        return root;
    }

    private static bool IsEqual(ConfigurationKey key, YamlTreeNode node, string expected)
    {
        try
        {
            return ConfigurationValues.ToText(ConfigurationValues.Read(key, node)) == expected;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool SameBesides(YamlTreeNode? before, YamlTreeNode? after, IEnumerable<string> paths)
    {
        var changed = paths.ToHashSet();
        return Leaves(before, "", changed).SequenceEqual(Leaves(after, "", changed));
    }

    /// <summary>Every scalar with its path, in order. Sections without content do not count: one may have come or gone.</summary>
    private static IEnumerable<(string Path, string Value)> Leaves(
        YamlTreeNode? node,
        string path,
        HashSet<string> besides
    ) =>
        node switch
        {
            _ when besides.Contains(path) => [],
            YamlMap map => map.Pairs.SelectMany(p => Leaves(p.Value, Join(path, p.Key.Value), besides)),
            YamlList list => list.Items.SelectMany((item, i) => Leaves(item, Join(path, $"[{i}]"), besides)),
            YamlText { IsNull: false } text => [(path, text.Value)],
            _ => [],
        };

    private static string Join(string path, string segment) => path.Length == 0 ? segment : $"{path}.{segment}";

    private static InvalidConfigurationException ByHand(string name, string path) =>
        new(name, path, "cannot be changed without changing what else is there; edit it by hand");
}
