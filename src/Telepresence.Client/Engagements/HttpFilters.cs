using Telepresence.Client.Errors;

namespace Telepresence.Client.Engagements;

/// <summary>The forms of <c>-HttpHeader</c>, <c>-HttpPath</c> and <c>-Metadata</c>.</summary>
public static class HttpFilters
{
    private static readonly (string Written, string Wire)[] _kinds =
    [
        ("equal:", ":path-equal:"),
        ("prefix:", ":path-prefix:"),
        ("regex:", ":path-regex:"),
    ];

    /// <summary><c>Name=value</c> or, as curl has it, <c>Name: value</c>.</summary>
    /// <param name="values">As the user wrote them.</param>
    /// <param name="parameter">Whose they are, for the error.</param>
    /// <exception cref="TelepresenceException">InvalidParameter.</exception>
    public static Dictionary<string, string> ParsePairs(IEnumerable<string> values, string parameter)
    {
        var pairs = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var value in values)
        {
            // A header's value may hold an equals sign, its name no colon.
            var separator = value.IndexOf(':', StringComparison.Ordinal);
            if (separator < 0)
            {
                separator = value.IndexOf('=', StringComparison.Ordinal);
            }
            var name = separator < 0 ? "" : value[..separator].Trim();
            if (name.Length == 0 || name.Any(char.IsWhiteSpace))
            {
                throw Invalid(value, parameter, "it is not NAME=VALUE");
            }
            if (!pairs.TryAdd(name, value[(separator + 1)..].Trim()))
            {
                throw Invalid(value, parameter, $"'{name}' is there twice");
            }
        }
        return pairs;
    }

    /// <summary>
    /// A path as <c>InterceptSpec.path_filters</c> has it: <c>/exact</c> or <c>equal:/exact</c>, <c>prefix:/p</c>, <c>regex:R</c>.
    /// </summary>
    /// <exception cref="TelepresenceException">InvalidParameter.</exception>
    public static string ToPathFilter(string path)
    {
        foreach (var (written, wire) in _kinds)
        {
            foreach (var prefix in (ReadOnlySpan<string>)[written, wire])
            {
                if (path.StartsWith(prefix, StringComparison.Ordinal) && path.Length > prefix.Length)
                {
                    return wire + path[prefix.Length..];
                }
            }
        }
        return path.StartsWith('/')
            ? _kinds[0].Wire + path
            : throw Invalid(path, "HttpPath", "it is not /PATH, equal:/PATH, prefix:/PATH or regex:EXPRESSION");
    }

    private static TelepresenceException Invalid(string value, string parameter, string reason) =>
        ErrorCatalogue.InvalidParameter("New-TelepresenceIntercept", parameter, value, reason);
}
