using YamlDotNet.Core;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>
/// Reads config.yml, the manager's client.yaml and the kubeconfig extension (PROTOCOL §5.2, §5.3). Unknown keys become
/// warnings; a known key with an unusable value is an error with file, line, column and full name.
/// </summary>
internal sealed class ClientConfigurationReader
{
    private readonly ConfigurationOrigin _source;
    private readonly string _name;
    private readonly KeyPaths _paths;
    private readonly Dictionary<ConfigurationKey, (string Path, ConfigurationSetting Setting)> _found = [];
    private readonly List<ConfigurationWarning> _warnings = [];

    private ClientConfigurationReader(ConfigurationOrigin source, bool isExtension)
    {
        _source = source;
        _name = source.Name;
        _paths = isExtension ? ConfigurationKeys.ExtensionPaths : ConfigurationKeys.Paths;
    }

    /// <param name="yaml">The whole text; empty, comments alone, <c>{}</c> and <c>null</c> set nothing.</param>
    /// <param name="source">Who says it: a file, or <see cref="ConfigurationOrigin.Source"/> in words.</param>
    /// <exception cref="InvalidConfigurationException">Not YAML, or a key's value cannot be used.</exception>
    public static ClientConfiguration Read(string yaml, ConfigurationOrigin source) =>
        Read(Parse(yaml, source.Name), source);

    /// <param name="root">Null sets nothing.</param>
    /// <param name="isExtension">A kubeconfig's extension: its names up to 2.20 count too.</param>
    /// <exception cref="InvalidConfigurationException">A key's value cannot be used.</exception>
    public static ClientConfiguration Read(YamlTreeNode? root, ConfigurationOrigin source, bool isExtension = false)
    {
        if (root is null or { IsNull: true })
            return ClientConfiguration.Empty;
        var reader = new ClientConfigurationReader(source, isExtension);
        if (root is not YamlMap map)
            throw reader.Bad(root, "", "must be a mapping of keys, such as 'routing:'");
        reader.Visit(map, "");
        return ClientConfiguration.Of(reader._found.Values.Select(f => f.Setting), reader._warnings);
    }

    /// <exception cref="InvalidConfigurationException">Not YAML; with line, column and what was expected.</exception>
    public static YamlTreeNode? Parse(string yaml, string name)
    {
        try
        {
            return YamlTree.Parse(yaml);
        }
        catch (YamlException e)
        {
            throw new InvalidConfigurationException(
                name,
                "",
                $"not valid YAML: {e.Message}",
                (int)e.Start.Line,
                (int)e.Start.Column
            );
        }
    }

    private void Visit(YamlMap map, string prefix)
    {
        foreach (var (name, value) in map.Pairs)
        {
            var path = prefix + name.Value;
            if (_paths.Find(path) is { } key)
                Set(key, path, name, value);
            else if (ConfigurationKeys.ForeignSections.Contains(path) || value.IsNull && _paths.IsSection(path))
                continue;
            else if (!_paths.IsSection(path))
                Warn(name, path, $"{path} is not a known key{KeySuggestion.For(path, _paths.All)}");
            else if (value is YamlMap section)
                Visit(section, path + ".");
            else
                throw Bad(value, path, "must be a mapping");
        }
    }

    private void Set(ConfigurationKey key, string path, YamlText name, YamlTreeNode value)
    {
        if (value.IsNull)
            return;
        object read;
        try
        {
            read = ConfigurationValues.Read(key, value);
        }
        catch (FormatException e) when (key.IsUsed)
        {
            throw Bad(value, path, e.Message);
        }
        catch (FormatException e)
        {
            Warn(value, path, $"{path} {e.Message}");
            return;
        }
        var setting = new ConfigurationSetting(key, read, _source with { Line = name.Line });
        if (!_found.TryGetValue(key, out var other))
        {
            _found[key] = (path, setting);
            return;
        }
        var wins = path == key.Path;
        Warn(
            name,
            path,
            $"{key.Path} is set twice, as {other.Path} and as {path}; {(wins ? path : other.Path)} counts"
        );
        if (wins)
            _found[key] = (path, setting);
    }

    private void Warn(YamlTreeNode at, string path, string message) =>
        _warnings.Add(new ConfigurationWarning(_name, at.Line, path, message));

    private InvalidConfigurationException Bad(YamlTreeNode at, string path, string complaint) =>
        new(_name, path, complaint, at.Line, at.Column);
}
