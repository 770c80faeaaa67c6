namespace Telepresence.Engine.Session.Configuration;

/// <summary>Finds the key that an unknown one was probably meant to be.</summary>
internal static class KeySuggestion
{
    private const int MaximumLength = 100;

    /// <summary><c>; did you mean …?</c>, or nothing where no key is near.</summary>
    public static string For(string path, IEnumerable<string> known) =>
        Nearest(path, known) is { } nearest ? $"; did you mean {nearest}?" : "";

    /// <summary>The key with that name in another section, else the one that few changes of letters make; null when none is near.</summary>
    public static string? Nearest(string path, IEnumerable<string> known)
    {
        // A distance costs the product of the lengths, and the text is anybody's.
        if (path.Length > MaximumLength)
            return null;
        var candidates = known.Order(StringComparer.Ordinal).ToArray();
        if (candidates.FirstOrDefault(k => Leaf(k).Equals(Leaf(path), StringComparison.OrdinalIgnoreCase)) is { } moved)
            return moved;
        var (nearest, distance) = candidates.Select(k => (k, Distance(path, k))).MinBy(c => c.Item2);
        return distance <= Math.Max(2, path.Length / 5) ? nearest : null;
    }

    private static string Leaf(string path) => path[(path.LastIndexOf('.') + 1)..];

    /// <summary>Levenshtein's, without regard to case.</summary>
    private static int Distance(string one, string other)
    {
        var row = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var same = char.ToLowerInvariant(one[i - 1]) == char.ToLowerInvariant(other[j - 1]);
                var best = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (same ? 0 : 1));
                diagonal = row[j];
                row[j] = best;
            }
        }
        return row[^1];
    }
}
