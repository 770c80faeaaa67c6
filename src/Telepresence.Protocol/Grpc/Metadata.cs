using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Telepresence.Protocol.Grpc;

/// <summary>Headers or trailers of a call. Names are lower case; those that end in <c>-bin</c> hold base64.</summary>
[SuppressMessage("Naming", "CA1710", Justification = "The name it has in Grpc.Core.")]
public sealed class Metadata : IReadOnlyCollection<KeyValuePair<string, string>>
{
    /// <summary>Nothing.</summary>
    public static readonly Metadata Empty = [];

    private readonly List<KeyValuePair<string, string>> _entries = [];

    /// <inheritdoc/>
    public int Count => _entries.Count;

    /// <summary>Adds an entry of text.</summary>
    public void Add(string key, string value)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (ReferenceEquals(this, Empty))
            throw new InvalidOperationException("This metadata is shared; make your own.");
        _entries.Add(new(key.ToLowerInvariant(), value));
    }

    /// <summary>The first value of that name, or null.</summary>
    public string? GetValue(string key)
    {
        foreach (var entry in _entries)
            if (string.Equals(entry.Key, key, StringComparison.OrdinalIgnoreCase))
                return entry.Value;
        return null;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, string>> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
