using System.Text;
using System.Text.Json;
using Telepresence.Client.Errors;

namespace Telepresence.Client.Engagements;

/// <summary>
/// An environment as a file that a shell or tool reads back to the very same values (PROTOCOL §6.4). Variables stand in the order
/// of their names.
/// </summary>
public static class EnvironmentText
{
    private static readonly (string Name, EnvironmentSyntax Syntax)[] _names =
    [
        ("docker", EnvironmentSyntax.Docker),
        ("compose", EnvironmentSyntax.Compose),
        ("sh", EnvironmentSyntax.Sh),
        ("sh:export", EnvironmentSyntax.ShExport),
        ("csh", EnvironmentSyntax.Csh),
        ("csh:export", EnvironmentSyntax.CshExport),
        ("ps", EnvironmentSyntax.PowerShell),
        ("ps:export", EnvironmentSyntax.PowerShellExport),
        ("cmd", EnvironmentSyntax.Cmd),
        ("json", EnvironmentSyntax.Json),
    ];

    private static readonly JsonWriterOptions _json = new() { Indented = true };

    /// <summary>The names that users write.</summary>
    public static IReadOnlyList<string> SyntaxNames { get; } = [.. _names.Select(n => n.Name)];

    /// <exception cref="TelepresenceException">InvalidParameter.</exception>
    public static EnvironmentSyntax ParseSyntax(string name)
    {
        foreach (var (known, syntax) in _names)
        {
            if (string.Equals(known, name, StringComparison.OrdinalIgnoreCase))
            {
                return syntax;
            }
        }
        throw ErrorCatalogue.InvalidParameter(
            "New-TelepresenceIntercept",
            "EnvironmentSyntax",
            name,
            $"it is none of {string.Join(", ", SyntaxNames)}"
        );
    }

    /// <summary>The file's text; lines end with LF, for cmd with CR LF.</summary>
    /// <param name="environment">What is written.</param>
    /// <param name="syntax">For whom.</param>
    /// <param name="leftOut">Variables whose names the reader does not take.</param>
    /// <exception cref="TelepresenceException">EnvironmentNotWritable: a value has a line break that the syntax cannot hold.</exception>
    public static string Write(
        IReadOnlyDictionary<string, string> environment,
        EnvironmentSyntax syntax,
        out IReadOnlyList<string> leftOut
    )
    {
        var ordered = environment.OrderBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        leftOut = [.. ordered.Select(pair => pair.Key).Where(name => !Takes(syntax, name))];
        if (syntax == EnvironmentSyntax.Json)
        {
            return Json(ordered);
        }
        var text = new StringBuilder();
        foreach (var (name, value) in ordered.Where(pair => Takes(syntax, pair.Key)))
        {
            text.Append(Line(name, value, syntax)).Append(syntax == EnvironmentSyntax.Cmd ? "\r\n" : "\n");
        }
        return text.ToString();
    }

    private static string Line(string name, string value, EnvironmentSyntax syntax) =>
        syntax switch
        {
            EnvironmentSyntax.Docker => $"{name}={OneLine(name, value, "docker")}",
            EnvironmentSyntax.Compose => $"{name}={EnvironmentQuoting.Compose(value)}",
            EnvironmentSyntax.Sh => $"{name}={EnvironmentQuoting.Sh(value)}",
            EnvironmentSyntax.ShExport => $"export {name}={EnvironmentQuoting.Sh(value)}",
            EnvironmentSyntax.Csh => $"set {name}={EnvironmentQuoting.Csh(value)}",
            EnvironmentSyntax.CshExport => $"setenv {name} {EnvironmentQuoting.Csh(value)}",
            EnvironmentSyntax.PowerShell => $"${{Env:{name}}}={EnvironmentQuoting.PowerShell(value)}",
            EnvironmentSyntax.PowerShellExport =>
                $"[Environment]::SetEnvironmentVariable({EnvironmentQuoting.PowerShell(name)}, {EnvironmentQuoting.PowerShell(value)}, 'User')",
            EnvironmentSyntax.Cmd => EnvironmentQuoting.Cmd(name, OneLine(name, value, "cmd")),
            _ => throw new ArgumentOutOfRangeException(nameof(syntax)),
        };

    /// <summary>Kubernetes allows dots and dashes in names, which no POSIX shell does.</summary>
    private static bool Takes(EnvironmentSyntax syntax, string name) =>
        syntax switch
        {
            EnvironmentSyntax.Sh
            or EnvironmentSyntax.ShExport
            or EnvironmentSyntax.Csh
            or EnvironmentSyntax.CshExport => name.Length > 0
                && !char.IsAsciiDigit(name[0])
                && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'),
            EnvironmentSyntax.Json => true,
            _ => name.Length > 0
                && name.All(c => char.IsAsciiLetterOrDigit(c) || "._-".Contains(c, StringComparison.Ordinal)),
        };

    private static string OneLine(string name, string value, string syntax) =>
        value.AsSpan().IndexOfAny('\r', '\n') < 0
            ? value
            : throw ErrorCatalogue.Error(ErrorId.EnvironmentNotWritable, name, ("name", name), ("syntax", syntax));

    private static string Json(List<KeyValuePair<string, string>> ordered)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, _json))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in ordered)
            {
                writer.WriteString(name, value);
            }
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length) + "\n";
    }
}
