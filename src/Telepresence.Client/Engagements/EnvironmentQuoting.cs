using System.Text;

namespace Telepresence.Client.Engagements;

/// <summary>A value as each reader takes it literally.</summary>
internal static class EnvironmentQuoting
{
    private const string Plain = "_./:@%+,=-";

    /// <summary>Single quotes hold anything but themselves.</summary>
    public static string Sh(string value) =>
        IsPlain(value) ? value : $"'{value.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>Within single quotes history and line breaks still want a backslash; a backslash before anything else stays.</summary>
    public static string Csh(string value)
    {
        if (IsPlain(value))
        {
            return value;
        }
        var quoted = value
            .Replace("'", @"'\''", StringComparison.Ordinal)
            .Replace("!", @"\!", StringComparison.Ordinal)
            .Replace("\n", "\\\n", StringComparison.Ordinal);
        return $"'{quoted}'";
    }

    /// <summary>PowerShell takes four typographic quotes for single quotes; doubling keeps each.</summary>
    public static string PowerShell(string value)
    {
        var quoted = new StringBuilder("'");
        foreach (var c in value)
        {
            quoted.Append(c);
            if (c is '\'' or '\u2018' or '\u2019' or '\u201a' or '\u201b')
            {
                quoted.Append(c);
            }
        }
        return quoted.Append('\'').ToString();
    }

    /// <summary>Single quotes are literal; what they cannot hold is escaped in double quotes, where dollars would expand.</summary>
    public static string Compose(string value)
    {
        if (value.Length > 0 && IsPlain(value))
        {
            return value;
        }
        if (value.AsSpan().IndexOfAny("'\\\r\n") < 0)
        {
            return $"'{value}'";
        }
        var escaped = new StringBuilder("\"");
        foreach (var c in value)
        {
            escaped.Append(
                c switch
                {
                    '\\' => @"\\",
                    '"' => "\\\"",
                    '$' => @"\$",
                    '\n' => @"\n",
                    '\r' => @"\r",
                    _ => c.ToString(),
                }
            );
        }
        return escaped.Append('"').ToString();
    }

    /// <summary>
    /// <c>set "K=V"</c>, in which quotes of the value open and close: outside of them operators want a caret. Percent signs are
    /// doubled, as a batch file needs.
    /// </summary>
    public static string Cmd(string name, string value)
    {
        var line = new StringBuilder("set \"").Append(name).Append('=');
        var isQuoted = true;
        foreach (var c in value)
        {
            if (c == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (!isQuoted && "&|<>^()".Contains(c, StringComparison.Ordinal))
            {
                line.Append('^');
            }
            line.Append(c);
            if (c == '%')
            {
                line.Append('%');
            }
        }
        return line.Append('"').ToString();
    }

    private static bool IsPlain(string value) =>
        value.All(c => char.IsAsciiLetterOrDigit(c) || Plain.Contains(c, StringComparison.Ordinal));
}
