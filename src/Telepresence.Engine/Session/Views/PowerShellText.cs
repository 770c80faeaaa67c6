using System.Text.RegularExpressions;

namespace Telepresence.Engine.Session.Views;

/// <summary>Values as PowerShell reads them in a command line (about_Quoting_Rules, about_Parsing).</summary>
internal static partial class PowerShellText
{
    /// <summary>As it is where every reader takes it for that text, else in single quotes.</summary>
    public static string Quote(string value) =>
        PlainWord().IsMatch(value) ? value : $"'{QuoteCharacter().Replace(value, "$0$0")}'";

    /// <summary>The values of an array, joined by commas.</summary>
    public static string Quote(IEnumerable<string> values) => string.Join(',', values.Select(Quote));

    // A word that begins with a letter, or a subnet or address: nothing that reads as a number, an operator or a variable.
    [GeneratedRegex(
        @"^([A-Za-z][A-Za-z0-9_.:/=-]*|[0-9]+(\.[0-9]+){3}(/[0-9]+)?(=[a-z0-9-]+)?|[0-9][0-9a-f]*:[0-9a-f:]*/[0-9]+(=[a-z0-9-]+)?)\z"
    )]
    private static partial Regex PlainWord();

    // PowerShell takes typographic single quotes for quotes too.
    [GeneratedRegex("['\u2018\u2019\u201a\u201b]")]
    private static partial Regex QuoteCharacter();
}
