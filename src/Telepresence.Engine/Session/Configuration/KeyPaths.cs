using System.Collections.Frozen;

namespace Telepresence.Engine.Session.Configuration;

/// <summary>The paths that keys may have in one kind of source.</summary>
internal sealed class KeyPaths
{
    private readonly FrozenDictionary<string, ConfigurationKey> _keys;
    private readonly FrozenSet<string> _sections;

    /// <param name="paths">Of a key: all it may have.</param>
    public KeyPaths(IEnumerable<ConfigurationKey> keys, Func<ConfigurationKey, IEnumerable<string>> paths)
    {
        _keys = keys.SelectMany(key => paths(key).Distinct().Select(path => (path, key)))
            .ToFrozenDictionary(p => p.path, p => p.key);
        _sections = _keys.Keys.SelectMany(Sections).ToFrozenSet();
    }

    public IEnumerable<string> All => _keys.Keys;

    public ConfigurationKey? Find(string path) => _keys.GetValueOrDefault(path);

    public bool IsSection(string path) => _sections.Contains(path);

    private static IEnumerable<string> Sections(string path)
    {
        for (var dot = path.IndexOf('.', StringComparison.Ordinal); dot > 0; dot = path.IndexOf('.', dot + 1))
            yield return path[..dot];
    }
}
