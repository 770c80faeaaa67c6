using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Telepresence.Protocol.Manager;

namespace Telepresence.TrafficManager.Intercepts;

/// <summary>Which HTTP requests an intercept takes (PROTOCOL §6.2): all its headers must match, and one of its paths.</summary>
internal sealed class InterceptFilter
{
    // A pattern of a user's must not hold up the callers of a service.
    private static readonly TimeSpan MatchLimit = TimeSpan.FromMilliseconds(50);

    private readonly (string Name, Func<string, bool> Matches)[] _headers;
    private readonly Func<string, bool>[] _paths;

    /// <exception cref="InterceptException">A pattern is malformed.</exception>
    public InterceptFilter(InterceptSpec spec)
    {
        _headers = [.. spec.HeaderFilters.Select(header => (header.Key, Value(header.Value)))];
        _paths = [.. spec.PathFilters.Select(Path)];
        Key =
            string.Join(
                '\n',
                spec.HeaderFilters.Select(h => $"{h.Key.ToLowerInvariant()}:{h.Value}").Order(StringComparer.Ordinal)
            )
            + "\n\n"
            + string.Join('\n', spec.PathFilters.Order(StringComparer.Ordinal));
    }

    /// <summary>False: it takes everything.</summary>
    public bool IsSelective => _headers.Length > 0 || _paths.Length > 0;

    /// <summary>Of two that match, the one with the higher goes first: headers, then paths alone, then everything.</summary>
    public int Precedence =>
        _headers.Length > 0 ? 2
        : _paths.Length > 0 ? 1
        : 0;

    /// <summary>Equal for filters that take the same requests.</summary>
    public string Key { get; }

    /// <param name="path">With or without query.</param>
    /// <param name="headers">The values of a header, by lower-case name.</param>
    public bool Matches(string path, ILookup<string, string> headers)
    {
        var query = path.IndexOf('?', StringComparison.Ordinal);
        var bare = query < 0 ? path : path[..query];
        return _headers.All(header => headers[header.Name.ToLowerInvariant()].Any(header.Matches))
            && (_paths.Length == 0 || _paths.Any(matches => matches(bare)));
    }

    private static Func<string, bool> Path(string filter)
    {
        const string equal = ":path-equal:";
        const string prefix = ":path-prefix:";
        const string regex = ":path-regex:";
        if (filter.StartsWith(prefix, StringComparison.Ordinal))
            return path => path.StartsWith(filter[prefix.Length..], StringComparison.Ordinal);
        if (filter.StartsWith(regex, StringComparison.Ordinal))
            return Pattern(filter[regex.Length..]);
        var wanted = filter.StartsWith(equal, StringComparison.Ordinal) ? filter[equal.Length..] : filter;
        return path => path == wanted;
    }

    /// <summary>A value with regular expressions' own characters is one, one with a <c>*</c> is a glob, others are literal.</summary>
    private static Func<string, bool> Value(string wanted) =>
        wanted.AsSpan().ContainsAny("^$[](){}|+\\") || wanted.Contains(".*", StringComparison.Ordinal) ? Pattern(wanted)
        : wanted.Contains('*', StringComparison.Ordinal)
            ? Pattern(Regex.Escape(wanted).Replace("\\*", ".*", StringComparison.Ordinal))
        : value => value == wanted;

    [SuppressMessage("Performance", "SYSLIB1045", Justification = "The pattern is the user's.")]
    private static Func<string, bool> Pattern(string pattern)
    {
        try
        {
            var regex = new Regex(
                $"^(?:{pattern})$",
                RegexOptions.CultureInvariant | RegexOptions.NonBacktracking,
                MatchLimit
            );
            return value => IsMatch(regex, value);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new InterceptException($"\"{pattern}\" is no regular expression that can be used: {e.Message}");
        }
    }

    private static bool IsMatch(Regex regex, string value)
    {
        try
        {
            return regex.IsMatch(value);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }
}
