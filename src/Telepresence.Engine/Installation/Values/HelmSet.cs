using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Telepresence.Engine.Installation.Values;

/// <summary>
/// Values on a command line, in helm's syntax: <c>a.b=c,d={e,f},g[0].h=i</c>. A backslash takes the meaning from the
/// character behind it. Unquoted true, false, null and whole numbers are those; null removes the key.
/// </summary>
internal sealed class HelmSet
{
    /// <summary>No list of these values is longer; the number is anybody's.</summary>
    private const int LongestList = 1024;
    private const int MaximumDepth = 30;

    private readonly string _text;
    private readonly bool _asText;
    private int _at;

    private HelmSet(string text, bool asText)
    {
        _text = text;
        _asText = asText;
    }

    /// <summary>Sets what <paramref name="text"/> says in <paramref name="values"/>.</summary>
    /// <param name="asText">No value is anything but text (helm's --set-string).</param>
    /// <exception cref="InvalidValueException">It is not of that syntax.</exception>
    public static void Apply(string text, JsonObject values, bool asText = false)
    {
        HelmSet set = new(text, asText);
        while (set._at < text.Length)
        {
            set.Pair(values, "", 1);
        }
    }

    /// <summary>A key with what follows it, into a mapping.</summary>
    private void Pair(JsonObject target, string prefix, int depth)
    {
        var key = Until(".=[,");
        var path = prefix + key;
        if (depth > MaximumDepth)
        {
            throw new InvalidValueException(path, $"is nested more than {MaximumDepth} deep");
        }
        if (key.Length == 0)
        {
            throw new InvalidValueException("", $"'{_text}' has an empty key");
        }
        target[key] = After(target[key], path, depth);
    }

    /// <summary>What <paramref name="present"/> becomes, read from behind its key or index.</summary>
    private JsonNode? After(JsonNode? present, string path, int depth)
    {
        switch (Next())
        {
            case '.':
                var section = present switch
                {
                    null => [],
                    JsonObject map => Detached(map),
                    _ => throw new InvalidValueException(path, "is a value already and can have no keys"),
                };
                Pair(section, path + ".", depth + 1);
                return section;
            case '[':
                var list = present switch
                {
                    null => [],
                    JsonArray items => Detached(items),
                    _ => throw new InvalidValueException(path, "is a value already and has no elements"),
                };
                Element(list, path, depth + 1);
                return list;
            case '=':
                return Value();
            default:
                throw new InvalidValueException(path, "has no value; write it as KEY=VALUE");
        }
    }

    private void Element(JsonArray list, string path, int depth)
    {
        var digits = Until("]");
        Next();
        if (
            !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            || index >= LongestList
        )
        {
            throw new InvalidValueException($"{path}[{digits}]", $"has no index from 0 to {LongestList - 1}");
        }
        if (depth > MaximumDepth)
        {
            throw new InvalidValueException(path, $"is nested more than {MaximumDepth} deep");
        }
        while (list.Count <= index)
        {
            list.Add(null);
        }
        list[index] = After(list[index], $"{path}[{index}]", depth);
    }

    private JsonNode? Value()
    {
        if (_at < _text.Length && _text[_at] == '{')
        {
            return List();
        }
        var value = Typed(Until(","));
        Next();
        return value;
    }

    private JsonArray List()
    {
        _at++;
        JsonArray items = [];
        while (true)
        {
            var isEmpty = _at < _text.Length && _text[_at] == '}' && items.Count == 0;
            var item = Until(",}");
            if (!isEmpty)
            {
                items.Add(Typed(item));
            }
            switch (Next())
            {
                case '}':
                    if (_at < _text.Length && Next() != ',')
                    {
                        throw new InvalidValueException("", $"'{_text}' has something behind a list's brace");
                    }
                    return items;
                case ',':
                    continue;
                default:
                    throw new InvalidValueException("", $"'{_text}' has a list without its closing brace");
            }
        }
    }

    private JsonNode? Typed(string text) =>
        _asText ? text
        : text.Equals("true", StringComparison.OrdinalIgnoreCase) ? true
        : text.Equals("false", StringComparison.OrdinalIgnoreCase) ? false
        : text.Equals("null", StringComparison.OrdinalIgnoreCase) ? null
        // A leading zero is kept: it is an id, and not a number.
        : (text == "0" || text is not ['0', ..])
        && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
        : text;

    /// <summary>Reads up to one of the characters, which stays.</summary>
    private string Until(string ends)
    {
        StringBuilder read = new();
        while (_at < _text.Length && !ends.Contains(_text[_at], StringComparison.Ordinal))
        {
            if (_text[_at] == '\\' && _at + 1 < _text.Length)
            {
                _at++;
            }
            read.Append(_text[_at++]);
        }
        return read.ToString();
    }

    /// <summary>'\0' at the end.</summary>
    private char Next() => _at < _text.Length ? _text[_at++] : '\0';

    /// <summary>A node has one parent: it is put back where it was.</summary>
    private static T Detached<T>(T node)
        where T : JsonNode => (T)node.DeepClone();
}
